package dev.ipanema.arm.a64;

import dev.ipanema.arm.register.AtOp;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TlbiOp;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The names of SYS instructions, from the catalogues of `arm.register`: `dc zva`, `tlbi vae1is`, …
///
/// @param text mnemonic and operation, in lower case
/// @param takesRegister whether Xt is an operand
record SystemName(String text, boolean takesRegister) {
    private static final int OP0_SYS = 1;

    /// {@return the name of a SYS instruction, or null when the catalogues have none}
    static @Nullable SystemName of(int insn) {
        int key = SysReg.encoding(OP0_SYS, insn >>> 16 & 7, insn >>> 12 & 15, insn >>> 8 & 15, insn >>> 5 & 7);
        CacheOp cache = CacheOp.of(key);
        if (cache != null) {
            return of(cache.name().replace('_', ' '), cache.operand() != CacheOp.Operand.NONE);
        }
        AtOp at = AtOp.of(key);
        if (at != null) {
            return of("at " + at.name(), true);
        }
        TlbiOp tlbi = TlbiOp.of(key);
        return tlbi == null ? null : of("tlbi " + tlbi.name(), takesRegister(tlbi));
    }

    private static boolean takesRegister(TlbiOp tlbi) {
        return switch (tlbi.kind()) {
            case VMALLE1, ALLE1, VMALLS12E1 -> false;
            default -> true;
        };
    }

    private static SystemName of(String text, boolean takesRegister) {
        return new SystemName(text.toLowerCase(Locale.ROOT), takesRegister);
    }
}
