package dev.ipanema.kvm.uapi;

/// Device types and attributes of `KVM_CREATE_DEVICE`, `KVM_SET_DEVICE_ATTR` and `KVM_IRQ_LINE`
/// (`include/uapi/linux/kvm.h`, `arch/arm64/include/uapi/asm/kvm.h`).
public final class KvmDeviceUapi {
    public static final int KVM_DEV_TYPE_ARM_VGIC_V2 = 5;
    public static final int KVM_DEV_TYPE_ARM_VGIC_V3 = 7;
    public static final int KVM_DEV_TYPE_ARM_VGIC_ITS = 8;

    /// Flag of `KVM_CREATE_DEVICE`: only asks whether the type can be made.
    public static final int KVM_CREATE_DEVICE_TEST = 1;

    public static final int KVM_DEV_ARM_VGIC_GRP_ADDR = 0;
    public static final int KVM_DEV_ARM_VGIC_GRP_DIST_REGS = 1;
    public static final int KVM_DEV_ARM_VGIC_GRP_CPU_REGS = 2;
    public static final int KVM_DEV_ARM_VGIC_GRP_NR_IRQS = 3;
    public static final int KVM_DEV_ARM_VGIC_GRP_CTRL = 4;
    public static final int KVM_DEV_ARM_VGIC_GRP_REDIST_REGS = 5;
    public static final int KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS = 6;
    public static final int KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO = 7;
    public static final int KVM_DEV_ARM_VGIC_GRP_ITS_REGS = 8;

    /// Affinity of a vCPU in the upper half of an attribute: Aff3.Aff2.Aff1.Aff0.
    public static final int KVM_DEV_ARM_VGIC_V3_MPIDR_SHIFT = 32;

    /// vCPU number of a GICv2 attribute.
    public static final int KVM_DEV_ARM_VGIC_CPUID_SHIFT = 32;

    public static final long KVM_DEV_ARM_VGIC_CPUID_MASK = 0xffL << KVM_DEV_ARM_VGIC_CPUID_SHIFT;
    public static final long KVM_DEV_ARM_VGIC_OFFSET_MASK = 0xffff_ffffL;
    public static final long KVM_DEV_ARM_VGIC_SYSREG_INSTR_MASK = 0xffff;
    public static final int KVM_DEV_ARM_VGIC_LINE_LEVEL_INFO_SHIFT = 10;
    public static final long KVM_DEV_ARM_VGIC_LINE_LEVEL_INTID_MASK = 0x3ff;
    public static final int VGIC_LEVEL_INFO_LINE_LEVEL = 0;

    public static final int KVM_DEV_ARM_VGIC_CTRL_INIT = 0;
    public static final int KVM_DEV_ARM_ITS_SAVE_TABLES = 1;
    public static final int KVM_DEV_ARM_ITS_RESTORE_TABLES = 2;
    public static final int KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES = 3;
    public static final int KVM_DEV_ARM_ITS_CTRL_RESET = 4;

    public static final int KVM_VGIC_V2_ADDR_TYPE_DIST = 0;
    public static final int KVM_VGIC_V2_ADDR_TYPE_CPU = 1;
    public static final int KVM_VGIC_V3_ADDR_TYPE_DIST = 2;
    public static final int KVM_VGIC_V3_ADDR_TYPE_REDIST = 3;
    public static final int KVM_VGIC_ITS_ADDR_TYPE = 4;
    public static final int KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION = 5;

    /// `KVM_IRQ_LINE`: kind of interrupt in bits 27:24.
    public static final int KVM_ARM_IRQ_TYPE_SHIFT = 24;

    public static final int KVM_ARM_IRQ_TYPE_MASK = 0xf;
    public static final int KVM_ARM_IRQ_TYPE_CPU = 0;
    public static final int KVM_ARM_IRQ_TYPE_SPI = 1;
    public static final int KVM_ARM_IRQ_TYPE_PPI = 2;
    public static final int KVM_ARM_IRQ_VCPU_SHIFT = 16;
    public static final int KVM_ARM_IRQ_VCPU_MASK = 0xff;

    /// Upper bits of the vCPU's index, in units of 256.
    public static final int KVM_ARM_IRQ_VCPU2_SHIFT = 28;

    public static final int KVM_ARM_IRQ_VCPU2_MASK = 0xf;
    public static final int KVM_ARM_IRQ_NUM_MASK = 0xffff;
    public static final int KVM_ARM_IRQ_CPU_IRQ = 0;
    public static final int KVM_ARM_IRQ_CPU_FIQ = 1;

    /// Groups of a vCPU's own attributes.
    public static final int KVM_ARM_VCPU_PMU_V3_CTRL = 0;

    public static final int KVM_ARM_VCPU_TIMER_CTRL = 1;
    public static final int KVM_ARM_VCPU_TIMER_IRQ_VTIMER = 0;
    public static final int KVM_ARM_VCPU_TIMER_IRQ_PTIMER = 1;
    public static final int KVM_ARM_VCPU_PVTIME_CTRL = 2;
    public static final int KVM_ARM_VCPU_PVTIME_IPA = 0;
    public static final int KVM_ARM_VCPU_PMU_V3_IRQ = 0;
    public static final int KVM_ARM_VCPU_PMU_V3_INIT = 1;

    /// Takes a [KvmPmuEventFilter].
    public static final int KVM_ARM_VCPU_PMU_V3_FILTER = 2;

    public static final int KVM_ARM_VCPU_PMU_V3_SET_PMU = 3;
    public static final int KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS = 4;

    /// Flag of `KVM_SIGNAL_MSI`: the device's number is given.
    public static final int KVM_MSI_VALID_DEVID = 1;

    private KvmDeviceUapi() {}
}
