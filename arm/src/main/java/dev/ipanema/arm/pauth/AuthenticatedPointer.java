package dev.ipanema.arm.pauth;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.pgtable.Stage1Size;
import dev.ipanema.arm.register.TcrEl1;

/// Where a pointer of the EL1&0 regime has its authentication code, and how it is put in, checked and taken out.
///
/// The code takes the bits above the address, but for bit 55, and for the top byte where that is ignored. `data` in
/// these methods says whether the pointer is of data: TCR_EL1.TBID spares instruction addresses.
///
/// Putting a code in: [#plainForAdd], the cipher, [#add]. Checking: [#strip], the cipher, [#authenticate], and with
/// FEAT_FPAC [#isCanonical].
///
/// Source: Arm ARM DDI 0487, `AddPAC`, `Auth`, `Strip`, `CalculateBottomPACBit`, `EffectiveTBI`.
public final class AuthenticatedPointer {
    private static final int SELECT_BIT = 55;
    private static final long TOP_BYTE = 0xffL << 56;

    /// The lower of the two bits of the error code, with a top byte that is ignored and without.
    private static final int ERROR_BIT_TBI = 53;

    private static final int ERROR_BIT = 61;

    private AuthenticatedPointer() {}

    /// {@return what the cipher encrypts to make the code of a pointer}
    public static long plainForAdd(long pointer, long tcr, boolean data, CpuModel model) {
        int select = select(pointer, tcr, data);
        long extension = extension(tcr, select, ignoresTopByte(pointer, tcr, data), model);
        return select != 0 ? pointer | extension : pointer & ~extension;
    }

    /// {@return a pointer without its code}
    public static long strip(long pointer, long tcr, boolean data, CpuModel model) {
        int half = TcrEl1.half(pointer);
        long extension = extension(tcr, half, ignoresTopByte(pointer, tcr, data), model);
        return half != 0 ? pointer | extension : pointer & ~extension;
    }

    /// {@return a pointer with a code}
    ///
    /// @param cipher the encrypted [#plainForAdd]
    public static long add(long pointer, long cipher, long tcr, boolean data, PauthLevel level, CpuModel model) {
        int select = select(pointer, tcr, data);
        boolean tbi = ignoresTopByte(pointer, tcr, data);
        long extension = extension(tcr, select, tbi, model);
        long code = extension & ~(1L << SELECT_BIT);
        long bits = level.xors() ? pointer ^ cipher : goodOrBroken(pointer, cipher, extension, tbi, level);
        return (pointer & ~extension) | (bits & code) | (long) select << SELECT_BIT;
    }

    /// A pointer that was not canonical gets a code that will not be accepted.
    private static long goodOrBroken(long pointer, long cipher, long extension, boolean tbi, PauthLevel level) {
        long bits = pointer & extension;
        if (bits == 0 || bits == extension) {
            return cipher;
        }
        return level == PauthLevel.EPAC ? 0 : cipher ^ (1L << (tbi ? SELECT_BIT - 1 : Long.SIZE - 2));
    }

    /// {@return a pointer whose code is replaced by what an address has there when it is right, else a pointer that
    /// faults when it is used}
    ///
    /// @param cipher the encrypted [#strip]
    /// @param key number of the key, 0 or 1
    public static long authenticate(
            long pointer, long cipher, long tcr, boolean data, int key, PauthLevel level, CpuModel model) {
        boolean tbi = ignoresTopByte(pointer, tcr, data);
        long code = extension(tcr, TcrEl1.half(pointer), tbi, model) & ~(1L << SELECT_BIT);
        if (level.xors()) {
            return pointer ^ (cipher & code);
        }
        long original = strip(pointer, tcr, data, model);
        if (((pointer ^ cipher) & code) == 0) {
            return original;
        }
        int error = tbi ? ERROR_BIT_TBI : ERROR_BIT;
        return (original & ~(3L << error)) | (long) (key == 0 ? 1 : 2) << error;
    }

    /// {@return whether a pointer that was authenticated is an address}
    public static boolean isCanonical(long pointer, long tcr, boolean data, CpuModel model) {
        return strip(pointer, tcr, data, model) == pointer;
    }

    /// The bits above the address, bit 55 among them, the top byte unless it is ignored.
    private static long extension(long tcr, int half, boolean ignoresTopByte, CpuModel model) {
        long above = -1L << Stage1Size.vaBits(tcr, half, model);
        return ignoresTopByte ? above & ~TOP_BYTE : above;
    }

    private static boolean ignoresTopByte(long pointer, long tcr, boolean data) {
        return ignoresTopByte(tcr, TcrEl1.half(pointer), data);
    }

    private static boolean ignoresTopByte(long tcr, int half, boolean data) {
        return TcrEl1.tbi(tcr, half) && (data || !TcrEl1.tbid(tcr, half));
    }

    /// The half that a pointer without a code means: by bit 55 when a top byte may be ignored, else by bit 63.
    private static int select(long pointer, long tcr, boolean data) {
        boolean byBit55 = ignoresTopByte(tcr, 0, data) || ignoresTopByte(tcr, 1, data);
        return byBit55 ? TcrEl1.half(pointer) : (int) (pointer >>> (Long.SIZE - 1));
    }
}
