package dev.ipanema.kvm.uapi;

/// Register identifiers of `KVM_GET_ONE_REG` and `KVM_SET_ONE_REG` for arm64
/// (`arch/arm64/include/uapi/asm/kvm.h`): architecture in bits 63:56, log2 of the size in 55:52, group in 27:16.
public final class KvmReg {
    public static final long KVM_REG_ARM64 = 0x6000_0000_0000_0000L;
    public static final long KVM_REG_ARCH_MASK = 0xff00_0000_0000_0000L;
    public static final long KVM_REG_SIZE_MASK = 0x00f0_0000_0000_0000L;
    public static final long KVM_REG_SIZE_U32 = 0x0020_0000_0000_0000L;
    public static final long KVM_REG_SIZE_U64 = 0x0030_0000_0000_0000L;
    public static final long KVM_REG_SIZE_U128 = 0x0040_0000_0000_0000L;
    public static final long KVM_REG_ARM_COPROC_MASK = 0x0fff_0000L;
    public static final long KVM_REG_ARM_CORE = 0x0010L << 16;
    public static final long KVM_REG_ARM64_SYSREG = 0x0013L << 16;
    public static final long KVM_REG_ARM_FW = 0x0014L << 16;
    public static final long KVM_REG_ARM_FW_FEAT_BMAP = 0x0016L << 16;

    /// Offsets in `struct kvm_regs`, in units of 32 bits, as core register identifiers carry them.
    private static final int REGS = 0;

    private static final int SP = 62;
    private static final int PC = 64;
    private static final int PSTATE = 66;
    private static final int SP_EL1 = 68;
    private static final int ELR_EL1 = 70;
    private static final int SPSR = 72;
    private static final int VREGS = 84;
    private static final int FPSR = 212;
    private static final int FPCR = 213;

    /// The first core offset behind `struct kvm_regs`.
    public static final int CORE_END = 216;

    /// `regs.sp`: SP_EL0.
    public static final long CORE_SP = core64(SP);

    /// `regs.pc`.
    public static final long CORE_PC = core64(PC);

    /// `regs.pstate`.
    public static final long CORE_PSTATE = core64(PSTATE);

    /// `sp_el1`.
    public static final long CORE_SP_EL1 = core64(SP_EL1);

    /// `elr_el1`.
    public static final long CORE_ELR_EL1 = core64(ELR_EL1);

    /// `spsr[KVM_SPSR_EL1]`.
    public static final long CORE_SPSR_EL1 = core64(SPSR);

    /// `fp_regs.fpsr`.
    public static final long CORE_FPSR = KVM_REG_ARM64 | KVM_REG_SIZE_U32 | KVM_REG_ARM_CORE | FPSR;

    /// `fp_regs.fpcr`.
    public static final long CORE_FPCR = KVM_REG_ARM64 | KVM_REG_SIZE_U32 | KVM_REG_ARM_CORE | FPCR;

    /// `KVM_REG_ARM_PSCI_VERSION`.
    public static final long PSCI_VERSION = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_FW;

    /// Which standard secure services the guest has.
    public static final long KVM_REG_ARM_STD_BMAP = service(0);

    /// Which standard hypervisor services the guest has.
    public static final long KVM_REG_ARM_STD_HYP_BMAP = service(1);

    /// Which services of KVM's own the guest has.
    public static final long KVM_REG_ARM_VENDOR_HYP_BMAP = service(2);

    public static final long KVM_REG_ARM_STD_BIT_TRNG_V1_0 = 1;
    public static final long KVM_REG_ARM_STD_HYP_BIT_PV_TIME = 1;
    public static final long KVM_REG_ARM_VENDOR_HYP_BIT_FUNC_FEAT = 1;
    public static final long KVM_REG_ARM_VENDOR_HYP_BIT_PTP = 1L << 1;

    private KvmReg() {}

    private static long service(int number) {
        return KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_FW_FEAT_BMAP | number;
    }

    private static long core64(int offset) {
        return KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | offset;
    }

    /// {@return the identifier of general-purpose register Xn, n from 0 to 30}
    public static long x(int n) {
        return core64(REGS + 2 * n);
    }

    /// {@return the identifier of SIMD register Vn, n from 0 to 31, 128 bits}
    public static long v(int n) {
        return KVM_REG_ARM64 | KVM_REG_SIZE_U128 | KVM_REG_ARM_CORE | (VREGS + 4 * n);
    }

    /// {@return the identifier of saved program status register n of `spsr[5]`: EL1, abt, und, irq, fiq}
    public static long spsr(int n) {
        return core64(SPSR + 2 * n);
    }

    /// {@return the identifier of a 64-bit system register}
    public static long sysreg(int op0, int op1, int crn, int crm, int op2) {
        return KVM_REG_ARM64
                | KVM_REG_SIZE_U64
                | KVM_REG_ARM64_SYSREG
                | (long) op0 << 14
                | (long) op1 << 11
                | (long) crn << 7
                | (long) crm << 3
                | op2;
    }

    /// {@return the offset in `struct kvm_regs` of a core register, in units of 32 bits}
    public static int coreOffset(long id) {
        return (int) id & 0xffff;
    }

    /// {@return the size of a register in bytes, as its identifier says}
    public static int size(long id) {
        return 1 << ((id & KVM_REG_SIZE_MASK) >>> 52);
    }
}
