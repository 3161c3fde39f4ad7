package dev.ipanema.kvm.vgic;

import dev.ipanema.arm.gic.Gicc;
import dev.ipanema.arm.register.IchVmcrEl2;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.machine.cpu.GicvRegisters;

/// A VMM's access to the CPU interface of a GICv2 (`vgic-mmio-v2.c:vgic_v2_cpu_registers`); the vCPU is not loaded. The
/// priority mask is told in its five upper bits, as `GICC_PMR` of the interface's documentation.
final class VgicCpuV2 {
    private static final int PMR_SHIFT = 3;
    private static final long WORD = 0xffff_ffffL;

    private VgicCpuV2() {}

    /// {@return whether a register is there}
    static boolean has(int offset) {
        return switch (offset) {
            case Gicc.CTLR, Gicc.PMR, Gicc.BPR, Gicc.ABPR, Gicc.IIDR -> true;
            default -> offset >= Gicc.APR && offset < Gicc.APR + 16 && offset % Integer.BYTES == 0;
        };
    }

    /// Reads or writes.
    ///
    /// @return 0, or -ENXIO for what is not there
    static int access(VgicVcpu vcpu, int offset, long[] value, boolean write) {
        if (!has(offset)) {
            return Errno.ENXIO.negated();
        }
        if (write) {
            write(vcpu.cpuInterface, offset, value[0]);
        } else {
            value[0] = read(vcpu.cpuInterface, offset) & WORD;
        }
        return 0;
    }

    private static long read(CpuInterface cpu, int offset) {
        long vmcr = cpu.vmcr;
        return switch (offset) {
            case Gicc.CTLR -> GicvRegisters.ctlr(vmcr);
            case Gicc.PMR -> IchVmcrEl2.pmr(vmcr) >>> PMR_SHIFT;
            case Gicc.BPR -> IchVmcrEl2.bpr0(vmcr);
            case Gicc.ABPR -> IchVmcrEl2.bpr1(vmcr);
            case Gicc.IIDR -> Gicc.IIDR_VALUE;
            case Gicc.APR -> cpu.ap1r;
            default -> 0;
        };
    }

    private static void write(CpuInterface cpu, int offset, long value) {
        switch (offset) {
            case Gicc.CTLR -> cpu.vmcr = GicvRegisters.withCtlr(cpu.vmcr, value);
            case Gicc.PMR -> cpu.vmcr = IchVmcrEl2.withPmr(cpu.vmcr, (int) value << PMR_SHIFT);
            case Gicc.BPR -> cpu.vmcr = IchVmcrEl2.withBpr0(cpu.vmcr, (int) value);
            case Gicc.ABPR -> cpu.vmcr = IchVmcrEl2.withBpr1(cpu.vmcr, (int) value);
            case Gicc.APR -> cpu.ap1r = (int) value;
            default -> {
                // Read-only, or not implemented.
            }
        }
    }
}
