package dev.ipanema.arm.a64;

import dev.ipanema.arm.register.SysReg;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The operands of system instructions: registers, operations, barriers.
final class SystemOperands {
    private SystemOperands() {}

    /// The register of MRS and MSR (`op0` 2 or 3) or the operation of SYS and SYSL (`op0` 1); its value is
    /// [SysReg#encoding] of the five numbers.
    static final class Key extends Operand {
        private static final int OP0_SYS = 1;

        private final @Nullable Field o0;
        private final Field op1;
        private final Field crn;
        private final Field crm;
        private final Field op2;

        /// @param o0 the low bit of op0 of a register, or null for an operation
        Key(@Nullable Field o0, Field op1, Field crn, Field crm, Field op2) {
            this.o0 = o0;
            this.op1 = op1;
            this.crn = crn;
            this.crm = crm;
            this.op2 = op2;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = key(insn);
        }

        @Override
        int encode(long[] values, int at) {
            int key = (int) values[at];
            int op0 = key >>> 14;
            boolean fits = o0 == null ? op0 == OP0_SYS : op0 >= 2;
            if (values[at] != (key & 0xFFFF) || !fits) {
                throw refused("System key", values[at]);
            }
            int low = op1.put(key >>> 11 & 7) | crn.put(key >>> 7 & 15) | crm.put(key >>> 3 & 15) | op2.put(key & 7);
            return o0 == null ? low : low | o0.put(op0 & 1);
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            if (o0 == null) {
                out.append('#').append(op1.get(insn));
                out.append(", C").append(crn.get(insn)).append(", C").append(crm.get(insn));
                out.append(", #").append(op2.get(insn));
                return;
            }
            SysReg register = SysReg.of(key(insn));
            String name = register == null ? SysReg.genericName(key(insn)) : register.name();
            out.append(name.toLowerCase(Locale.ROOT));
        }

        @Override
        long word(int insn) {
            return (long) key(insn) << PreDecoded.AUX_SHIFT;
        }

        private int key(int insn) {
            int op0 = o0 == null ? OP0_SYS : 2 + o0.get(insn);
            return SysReg.encoding(op0, op1.get(insn), crn.get(insn), crm.get(insn), op2.get(insn));
        }
    }

    /// The option of DSB, DMB and ISB; its value is CRm.
    static final class Barrier extends Operand {
        private static final String[] DOMAINS = {"osh", "nsh", "ish", "sy"};
        private static final String[] TYPES = {"", "ld", "st", ""};
        private static final int SY = 15;

        private final Field crm;
        private final boolean isb;

        Barrier(Field crm, boolean isb) {
            this.crm = crm;
            this.isb = isb;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = crm.get(insn);
        }

        @Override
        int encode(long[] values, int at) {
            return crm.put(values[at]);
        }

        @Override
        boolean isDefault(int insn) {
            return isb && crm.get(insn) == SY;
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            int option = crm.get(insn);
            int type = option & 3;
            if (isb) {
                out.append('#');
                hex(option, out);
            } else if (type == 0) {
                out.append(String.format("#0x%02x", option));
            } else if (option > 12) {
                out.append(type == 3 ? "sy" : TYPES[type]);
            } else {
                out.append(DOMAINS[option >>> 2]).append(TYPES[type]);
            }
        }

        @Override
        long imm(int insn) {
            return crm.get(insn);
        }
    }

    /// The option of DSB nXS; its value is the domain, 0 OSH … 3 SY.
    static final class BarrierNxs extends Operand {
        private static final String[] DOMAINS = {"osh", "nsh", "ish", "sy"};

        private final Field imm2;

        BarrierNxs(Field imm2) {
            this.imm2 = imm2;
        }

        @Override
        void values(int insn, long[] out, int at) {
            out[at] = imm2.get(insn);
        }

        @Override
        int encode(long[] values, int at) {
            return imm2.put(values[at]);
        }

        @Override
        void print(int insn, long pc, StringBuilder out) {
            out.append(DOMAINS[imm2.get(insn)]).append("nxs");
        }

        @Override
        long imm(int insn) {
            return PreDecoded.BARRIER_NXS | imm2.get(insn) << 2 | 3;
        }
    }
}
