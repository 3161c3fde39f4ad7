package dev.ipanema.arm.gic;

/// One command of an ITS: 32 bytes, four little-endian doublewords.
///
/// Source: Arm IHI 0069 (GICv3 and GICv4), 5.3 "ITS commands".
///
/// @param dw0 bytes 0 to 7
/// @param dw1 bytes 8 to 15
/// @param dw2 bytes 16 to 23
/// @param dw3 bytes 24 to 31
public record ItsCommand(long dw0, long dw1, long dw2, long dw3) {
    /// Bytes of a command.
    public static final int SIZE = 32;

    public static final int MOVI = 0x01;
    public static final int INT = 0x03;
    public static final int CLEAR = 0x04;
    public static final int SYNC = 0x05;
    public static final int MAPD = 0x08;
    public static final int MAPC = 0x09;
    public static final int MAPTI = 0x0a;
    public static final int MAPI = 0x0b;
    public static final int INV = 0x0c;
    public static final int INVALL = 0x0d;
    public static final int MOVALL = 0x0e;
    public static final int DISCARD = 0x0f;

    private static final int TARGET_SHIFT = 16;
    private static final long TARGET = 0x7_ffff_ffffL;
    private static final long ITT_ADDRESS = 0xf_ffff_ffff_ff00L;

    /// {@return which command it is}
    public int number() {
        return (int) dw0 & 0xff;
    }

    /// {@return the device}
    public long deviceId() {
        return dw0 >>> 32;
    }

    /// {@return the event}
    public long eventId() {
        return dw1 & 0xffff_ffffL;
    }

    /// {@return the LPI of MAPTI}
    public long physicalId() {
        return dw1 >>> 32;
    }

    /// {@return the collection}
    public int collectionId() {
        return (int) dw2 & 0xffff;
    }

    /// {@return V of MAPD and MAPC: map, otherwise unmap}
    public boolean isValid() {
        return dw2 < 0;
    }

    /// {@return bits of an event of the device that MAPD maps}
    public int eventBits() {
        return ((int) dw1 & 0x1f) + 1;
    }

    /// {@return the address of the interrupt translation table of MAPD}
    public long ittAddress() {
        return dw2 & ITT_ADDRESS;
    }

    /// {@return the processor number that MAPC targets, and from which MOVALL moves}
    public long target() {
        return dw2 >>> TARGET_SHIFT & TARGET;
    }

    /// {@return the processor number to which MOVALL moves}
    public long target2() {
        return dw3 >>> TARGET_SHIFT & TARGET;
    }
}
