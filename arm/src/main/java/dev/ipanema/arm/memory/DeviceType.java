package dev.ipanema.arm.memory;

/// The four kinds of Device memory, strictest first: G gathering, R reordering, E early write
/// acknowledgement, each forbidden by a leading `n`.
///
/// The ordinal is the two-bit encoding that MAIR bytes (bits 3:2) and stage-2 MemAttr (bits 1:0) share, and
/// the order is the order of strictness, so the stricter of two kinds is the one with the smaller ordinal
/// (Arm ARM DDI 0487, Device memory; ASL `DecodeDevice`, `S2CombineS1Device`).
public enum DeviceType {
    nGnRnE,
    nGnRE,
    nGRE,
    GRE;

    private static final DeviceType[] OF_BITS = values();

    /// {@return the two-bit encoding, 0 to 3}
    public int bits() {
        return ordinal();
    }

    /// {@return the kind that the low two bits of `bits` encode}
    public static DeviceType ofBits(int bits) {
        return OF_BITS[bits & 0b11];
    }

    /// {@return the stricter of this kind and another}
    public DeviceType stricter(DeviceType other) {
        return ordinal() <= other.ordinal() ? this : other;
    }

    /// {@return the Arm name, for example `Device-nGnRE`}
    public String armName() {
        return "Device-" + name();
    }
}
