package dev.ipanema.machine.cpu;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.pauth.AuthenticatedPointer;
import dev.ipanema.arm.pauth.PacKey;
import dev.ipanema.arm.pauth.PauthLevel;
import dev.ipanema.arm.pauth.Qarma;

/// Pointer authentication of one processing element: the functions of [AuthenticatedPointer] on the keys of a
/// [CpuContext], with a memory of what was encrypted lately, since a function's return address is authenticated with
/// what it was signed with.
final class PointerCodes {
    private static final int ENTRIES = 1 << 10;

    /// An entry: key low and high, modifier, plaintext, ciphertext.
    private static final int LONGS = 5;

    private static final long MIX = 0x9e37_79b9_7f4a_7c15L;

    private final CpuModel model;
    private final PauthLevel level;
    private final Qarma cipher;
    private final long[] memory = new long[ENTRIES * LONGS];

    PointerCodes(CpuModel model) {
        this.model = model;
        this.level = PauthLevel.of(model);
        this.cipher = PauthLevel.cipherOf(model);
        for (int at = 0; at < memory.length; at += LONGS) {
            memory[at + 4] = cipher.encrypt(0, 0, 0, 0);
        }
    }

    PauthLevel level() {
        return level;
    }

    /// {@return a pointer with its code}
    long add(CpuContext ctx, PacKey key, long pointer, long modifier) {
        long tcr = ctx.translation().tcrEl1;
        long plain = AuthenticatedPointer.plainForAdd(pointer, tcr, key.isData(), model);
        return AuthenticatedPointer.add(pointer, encrypt(ctx, key, plain, modifier), tcr, key.isData(), level, model);
    }

    /// {@return a pointer after its code was checked, one that faults when the code is wrong}
    long authenticate(CpuContext ctx, PacKey key, long pointer, long modifier) {
        long tcr = ctx.translation().tcrEl1;
        long plain = AuthenticatedPointer.strip(pointer, tcr, key.isData(), model);
        long code = encrypt(ctx, key, plain, modifier);
        return AuthenticatedPointer.authenticate(pointer, code, tcr, key.isData(), key.number(), level, model);
    }

    /// {@return whether the result of [#authenticate] makes the instruction fault at once}
    ///
    /// @param combined whether the instruction does more than authenticate
    boolean faults(CpuContext ctx, PacKey key, long result, boolean combined) {
        PauthLevel needed = combined ? PauthLevel.FPACCOMBINE : PauthLevel.FPAC;
        return level.compareTo(needed) >= 0
                && !AuthenticatedPointer.isCanonical(result, ctx.translation().tcrEl1, key.isData(), model);
    }

    /// {@return a pointer without its code}
    long strip(CpuContext ctx, long pointer, boolean data) {
        return AuthenticatedPointer.strip(pointer, ctx.translation().tcrEl1, data, model);
    }

    /// {@return the ciphertext of a block with a key}
    long encrypt(CpuContext ctx, PacKey key, long plain, long modifier) {
        long low = ctx.sys[key.low().index()];
        long high = ctx.sys[key.high().index()];
        int at = LONGS * ((int) (((plain ^ Long.rotateLeft(modifier, 21) ^ low) * MIX) >>> 54) & (ENTRIES - 1));
        if (memory[at] != low || memory[at + 1] != high || memory[at + 2] != modifier || memory[at + 3] != plain) {
            memory[at] = low;
            memory[at + 1] = high;
            memory[at + 2] = modifier;
            memory[at + 3] = plain;
            memory[at + 4] = cipher.encrypt(plain, modifier, high, low);
        }
        return memory[at + 4];
    }
}
