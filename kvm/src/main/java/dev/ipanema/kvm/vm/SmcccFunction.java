package dev.ipanema.kvm.vm;

/// Function identifiers and return codes of the calls a guest makes by HVC or SMC.
///
/// Sources: Arm DEN0028 (SMC Calling Convention) 1.5, Arm DEN0022 (Power State Coordination Interface) 1.3.
final class SmcccFunction {
    static final int SMCCC_VERSION = 0x8000_0000;
    static final int SMCCC_ARCH_FEATURES = 0x8000_0001;
    static final int SMCCC_ARCH_WORKAROUND_1 = 0x8000_8000;
    static final int SMCCC_ARCH_WORKAROUND_2 = 0x8000_7FFF;
    static final int SMCCC_ARCH_WORKAROUND_3 = 0x8000_3FFF;

    static final int PV_TIME_FEATURES = 0xC500_0020;
    static final int PV_TIME_ST = 0xC500_0021;
    static final int VENDOR_HYP_CALL_UID = 0x8600_FF01;
    static final int VENDOR_HYP_KVM_FEATURES = 0x8600_0000;
    static final int VENDOR_HYP_KVM_PTP = 0x8600_0001;
    static final int KVM_PTP_VIRT_COUNTER = 0;
    static final int KVM_PTP_PHYS_COUNTER = 1;

    static final int TRNG_VERSION = 0x8400_0050;
    static final int TRNG_FEATURES = 0x8400_0051;
    static final int TRNG_GET_UUID = 0x8400_0052;
    static final int TRNG_RND32 = 0x8400_0053;
    static final int TRNG_RND64 = 0xC400_0053;
    static final long TRNG_VERSION_1_0 = 0x1_0000;
    static final long TRNG_NOT_SUPPORTED = -1;
    static final long TRNG_INVALID_PARAMETER = -2;

    static final int PSCI_VERSION = 0x8400_0000;
    static final int PSCI_CPU_SUSPEND = 0x8400_0001;
    static final int PSCI_CPU_SUSPEND_64 = 0xC400_0001;
    static final int PSCI_CPU_OFF = 0x8400_0002;
    static final int PSCI_CPU_ON = 0x8400_0003;
    static final int PSCI_CPU_ON_64 = 0xC400_0003;
    static final int PSCI_AFFINITY_INFO = 0x8400_0004;
    static final int PSCI_AFFINITY_INFO_64 = 0xC400_0004;
    static final int PSCI_MIGRATE_INFO_TYPE = 0x8400_0006;
    static final int PSCI_SYSTEM_OFF = 0x8400_0008;
    static final int PSCI_SYSTEM_RESET = 0x8400_0009;
    static final int PSCI_FEATURES = 0x8400_000A;
    static final int PSCI_SYSTEM_RESET2 = 0x8400_0012;
    static final int PSCI_SYSTEM_RESET2_64 = 0xC400_0012;
    static final int PSCI_SYSTEM_OFF2 = 0x8400_0015;
    static final int PSCI_SYSTEM_OFF2_64 = 0xC400_0015;

    /// SMCCC 1.1, major in bits 31:16.
    static final long SMCCC_VERSION_1_1 = 0x1_0001;

    /// `SMCCC_ARCH_WORKAROUND_RET_UNAFFECTED`: the workaround is implemented and not needed.
    static final long WORKAROUND_UNAFFECTED = 1;

    static final long SMCCC_SUCCESS = 0;
    static final long SMCCC_NOT_SUPPORTED = -1;
    static final long SMCCC_NOT_REQUIRED = -2;

    /// PSCI 0.2, major in bits 31:16.
    static final long PSCI_VERSION_0_2 = 0x2;

    /// PSCI 1.0, major in bits 31:16.
    static final long PSCI_VERSION_1_0 = 0x1_0000;

    /// PSCI 1.3, major in bits 31:16.
    static final long PSCI_VERSION_1_3 = 0x1_0003;

    static final long PSCI_SUCCESS = 0;
    static final long PSCI_NOT_SUPPORTED = -1;
    static final long PSCI_INVALID_PARAMS = -2;
    static final long PSCI_ALREADY_ON = -4;
    static final long PSCI_INTERNAL_FAILURE = -6;

    /// MIGRATE_INFO_TYPE: no trusted OS that would need migration.
    static final long PSCI_TOS_NOT_PRESENT_MP = 2;

    static final long PSCI_AFFINITY_LEVEL_ON = 0;
    static final long PSCI_AFFINITY_LEVEL_OFF = 1;

    /// SYSTEM_OFF2 type and feature bit: hibernate.
    static final long PSCI_HIBERNATE_OFF = 1;

    /// Last reset type of SYSTEM_RESET2 that is architectural; a vendor's have bit 31 set.
    static final long PSCI_SYSTEM_WARM_RESET = 0;

    static final long PSCI_VENDOR_RESET = 1L << 31;

    /// The identifier of KVM among hypervisors: 28b46fb6-2ec5-11e9-a9ca-4b564d003a74 (`include/linux/arm-smccc.h`).
    static final long[] VENDOR_HYP_UID_KVM = {0xb66f_b428L, 0xe911_c52eL, 0x564b_caa9L, 0x743a_004dL};

    /// The identifier of KVM's generator: 0d21e000-4384-11eb-8070-5244554e5a4c (`arch/arm64/kvm/trng.c`).
    static final long[] TRNG_UUID = {0x00e0_210dL, 0xeb11_8443L, 0x4452_7080L, 0x4c5a_4e55L};

    private static final int SMC64 = 1 << 30;

    private SmcccFunction() {}

    /// {@return whether a function takes 64-bit arguments}
    static boolean is64Bit(int function) {
        return (function & SMC64) != 0;
    }
}
