package dev.ipanema.vmm.gdb;

import dev.ipanema.arm.register.SysReg;
import dev.ipanema.machine.cpu.CpuContext;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The registers that a debugger is told of in `target.xml`, in the order of their numbers: the core registers, V0 to
/// V31 with FPSR and FPCR, and system registers of EL1 under a feature of this project.
final class GdbRegisters {
    private static final int SP = 31;
    private static final int PC = 32;
    private static final int CPSR = 33;
    private static final int V0 = 34;
    private static final int FPSR = V0 + 32;
    private static final int FPCR = FPSR + 1;
    private static final int FIRST_SYSTEM = FPCR + 1;

    private static final List<SysReg> SYSTEM = List.of(
            SysReg.SCTLR_EL1,
            SysReg.TCR_EL1,
            SysReg.TTBR0_EL1,
            SysReg.TTBR1_EL1,
            SysReg.MAIR_EL1,
            SysReg.VBAR_EL1,
            SysReg.ELR_EL1,
            SysReg.SPSR_EL1,
            SysReg.ESR_EL1,
            SysReg.FAR_EL1,
            SysReg.PAR_EL1,
            SysReg.SP_EL0,
            SysReg.TPIDR_EL0,
            SysReg.TPIDRRO_EL0,
            SysReg.TPIDR_EL1,
            SysReg.CONTEXTIDR_EL1,
            SysReg.CPACR_EL1,
            SysReg.MPIDR_EL1,
            SysReg.MIDR_EL1,
            SysReg.CNTKCTL_EL1,
            SysReg.CNTV_CTL_EL0,
            SysReg.CNTV_CVAL_EL0);

    /// How many there are.
    static final int COUNT = FIRST_SYSTEM + SYSTEM.size();

    private GdbRegisters() {}

    /// {@return how many bytes a register has}
    static int size(int number) {
        if (number >= V0 && number < FPSR) {
            return 16;
        }
        return number == CPSR || number == FPSR || number == FPCR ? 4 : 8;
    }

    /// {@return a register in the protocol's form: hexadecimal, in the order of memory}
    static String get(CpuContext cpu, int number) {
        if (number >= V0 && number < FPSR) {
            return hex(cpu.v(number - V0, 0), 8) + hex(cpu.v(number - V0, 1), 8);
        }
        return hex(value(cpu, number), size(number));
    }

    private static long value(CpuContext cpu, int number) {
        return switch (number) {
            case SP -> cpu.sp();
            case PC -> cpu.pc();
            case CPSR -> cpu.pstate();
            case FPSR -> cpu.get(SysReg.FPSR);
            case FPCR -> cpu.get(SysReg.FPCR);
            default -> number < SP ? cpu.x(number) : cpu.get(SYSTEM.get(number - FIRST_SYSTEM));
        };
    }

    /// Changes a register.
    ///
    /// @param text as [#get] gives it
    /// @return false when the text is malformed, or the value one that the register cannot have
    static boolean set(CpuContext cpu, int number, String text) {
        if (text.length() != 2 * size(number)) {
            return false;
        }
        byte[] bytes = Hex.bytes(text);
        if (bytes == null) {
            return false;
        }
        if (number >= V0 && number < FPSR) {
            cpu.setV(number - V0, 0, number(bytes, 0));
            cpu.setV(number - V0, 1, number(bytes, 8));
            return true;
        }
        long value = number(bytes, 0);
        switch (number) {
            case SP -> cpu.setSp(value);
            case PC -> cpu.setPc(value);
            case CPSR -> {
                try {
                    cpu.setPstate(value);
                } catch (IllegalArgumentException e) {
                    return false;
                }
            }
            case FPSR -> cpu.set(SysReg.FPSR, value);
            case FPCR -> cpu.set(SysReg.FPCR, value);
            default -> {
                if (number < SP) {
                    cpu.setX(number, value);
                } else {
                    cpu.set(SYSTEM.get(number - FIRST_SYSTEM), value);
                }
            }
        }
        return true;
    }

    private static String hex(long value, int bytes) {
        StringBuilder text = new StringBuilder(2 * bytes);
        for (int i = 0; i < bytes; i++) {
            Hex.append(text, (int) (value >>> (8 * i)) & 0xff);
        }
        return text.toString();
    }

    private static long number(byte[] bytes, int from) {
        long value = 0;
        for (int i = from; i < Math.min(bytes.length, from + 8); i++) {
            value |= (bytes[i] & 0xffL) << (8 * (i - from));
        }
        return value;
    }

    /// {@return the description in the form of GDB's `Target Descriptions`}
    static String targetXml() {
        StringBuilder xml = new StringBuilder();
        xml.append("<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target version=\"1.0\">"
                + "<architecture>aarch64</architecture><feature name=\"org.gnu.gdb.aarch64.core\">");
        for (int i = 0; i < SP; i++) {
            reg(xml, "x" + i, 64, "int");
        }
        reg(xml, "sp", 64, "data_ptr");
        reg(xml, "pc", 64, "code_ptr");
        reg(xml, "cpsr", 32, "int");
        xml.append("</feature><feature name=\"org.gnu.gdb.aarch64.fpu\">");
        vectors(xml);
        for (int i = 0; i < FPSR - V0; i++) {
            reg(xml, "v" + i, 128, "aarch64v");
        }
        reg(xml, "fpsr", 32, "int");
        reg(xml, "fpcr", 32, "int");
        xml.append("</feature><feature name=\"org.ipanema.aarch64.system\">");
        for (SysReg reg : SYSTEM) {
            reg(xml, reg.name(), 64, "int");
        }
        return xml.append("</feature></target>").toString();
    }

    /// The types that GDB's own `aarch64v` has, so that `$v0.d.u[1]` works as on any other target.
    private static void vectors(StringBuilder xml) {
        views(xml, "vnd", 2, "ieee_double", "uint64", "int64");
        views(xml, "vns", 4, "ieee_single", "uint32", "int32");
        views(xml, "vnh", 8, "ieee_half", "uint16", "int16");
        views(xml, "vnb", 16, null, "uint8", "int8");
        views(xml, "vnq", 1, null, "uint128", "int128");
        xml.append("<union id=\"aarch64v\">");
        for (String name : List.of("d", "s", "h", "b", "q")) {
            field(xml, name, "vn" + name);
        }
        xml.append("</union>");
    }

    private static void views(
            StringBuilder xml, String id, int count, @Nullable String floating, String unsigned, String signed) {
        if (floating != null) {
            vector(xml, id + "f", floating, count);
        }
        vector(xml, id + "u", unsigned, count);
        vector(xml, id + "s", signed, count);
        xml.append("<union id=\"").append(id).append("\">");
        if (floating != null) {
            field(xml, "f", id + "f");
        }
        field(xml, "u", id + "u");
        field(xml, "s", id + "s");
        xml.append("</union>");
    }

    private static void field(StringBuilder xml, String name, String type) {
        xml.append("<field name=\"%s\" type=\"%s\"/>".formatted(name, type));
    }

    private static void vector(StringBuilder xml, String id, String type, int count) {
        xml.append("<vector id=\"%s\" type=\"%s\" count=\"%d\"/>".formatted(id, type, count));
    }

    private static void reg(StringBuilder xml, String name, int bits, String type) {
        xml.append("<reg name=\"%s\" bitsize=\"%d\" type=\"%s\"/>".formatted(name, bits, type));
    }
}
