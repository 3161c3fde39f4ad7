package dev.ipanema.kvm.uapi;

import java.lang.reflect.Field;
import java.util.Map;
import java.util.TreeMap;

/// Capability numbers of `KVM_CHECK_EXTENSION` and `KVM_ENABLE_CAP` (`include/uapi/linux/kvm.h`), those that this
/// KVM answers with something other than zero or that callers ask for by name.
public final class KvmCap {
    public static final int KVM_CAP_IRQCHIP = 0;
    public static final int KVM_CAP_USER_MEMORY = 3;
    public static final int KVM_CAP_NR_VCPUS = 9;
    public static final int KVM_CAP_NR_MEMSLOTS = 10;
    public static final int KVM_CAP_MP_STATE = 14;
    public static final int KVM_CAP_SYNC_MMU = 16;
    public static final int KVM_CAP_IRQ_ROUTING = 25;
    public static final int KVM_CAP_IRQFD = 32;
    public static final int KVM_CAP_DESTROY_MEMORY_REGION_WORKS = 21;
    public static final int KVM_CAP_JOIN_MEMORY_REGIONS_WORKS = 30;
    public static final int KVM_CAP_VCPU_EVENTS = 41;
    public static final int KVM_CAP_INTERNAL_ERROR_DATA = 40;
    public static final int KVM_CAP_MAX_VCPUS = 66;
    public static final int KVM_CAP_ONE_REG = 70;
    public static final int KVM_CAP_SIGNAL_MSI = 77;
    public static final int KVM_CAP_READONLY_MEM = 81;
    public static final int KVM_CAP_ARM_PSCI = 87;
    public static final int KVM_CAP_DEVICE_CTRL = 89;
    public static final int KVM_CAP_ENABLE_CAP_VM = 98;
    public static final int KVM_CAP_ARM_PSCI_0_2 = 102;
    public static final int KVM_CAP_CHECK_EXTENSION_VM = 105;
    public static final int KVM_CAP_MULTI_ADDRESS_SPACE = 118;
    public static final int KVM_CAP_ARM_PMU_V3 = 126;
    public static final int KVM_CAP_VCPU_ATTRIBUTES = 127;
    public static final int KVM_CAP_MAX_VCPU_ID = 128;
    public static final int KVM_CAP_MSI_DEVID = 131;
    public static final int KVM_CAP_IMMEDIATE_EXIT = 136;
    public static final int KVM_CAP_ARM_USER_IRQ = 144;
    public static final int KVM_CAP_ARM_INJECT_SERROR_ESR = 158;
    public static final int KVM_CAP_ARM_VM_IPA_SIZE = 165;
    public static final int KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 = 168;
    public static final int KVM_CAP_ARM_PTRAUTH_ADDRESS = 171;
    public static final int KVM_CAP_ARM_PTRAUTH_GENERIC = 172;
    public static final int KVM_CAP_ARM_NISV_TO_USER = 177;
    public static final int KVM_CAP_ARM_INJECT_EXT_DABT = 178;
    public static final int KVM_CAP_STEAL_TIME = 187;
    public static final int KVM_CAP_DIRTY_LOG_RING = 192;
    public static final int KVM_CAP_PTP_KVM = 198;
    public static final int KVM_CAP_ARM_MTE = 205;
    public static final int KVM_CAP_DIRTY_LOG_RING_ACQ_REL = 223;
    public static final int KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP = 225;
    public static final int KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE = 228;
    public static final int KVM_CAP_ARM_SUPPORTED_BLOCK_SIZES = 229;
    public static final int KVM_CAP_USER_MEMORY2 = 231;
    public static final int KVM_CAP_MEMORY_FAULT_INFO = 232;
    public static final int KVM_CAP_GUEST_MEMFD = 234;
    public static final int KVM_CAP_PRE_FAULT_MEMORY = 236;
    public static final int KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED = 243;
    public static final int KVM_CAP_GUEST_MEMFD_FLAGS = 244;
    public static final int KVM_CAP_ARM_SEA_TO_USER = 245;

    /// Flag of `KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2`: write-protection happens at `KVM_CLEAR_DIRTY_LOG`.
    public static final int KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE = 1;

    /// Flag of `KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2`: a new dirty bitmap starts with every bit set.
    public static final int KVM_DIRTY_LOG_INITIALLY_SET = 2;

    /// Bytes of one `struct kvm_dirty_gfn`.
    public static final int KVM_DIRTY_GFN_SIZE = 16;

    /// Most entries that a dirty ring may have (`virt/kvm/dirty_ring.c`).
    public static final int KVM_DIRTY_RING_MAX_ENTRIES = 65536;

    private static final Map<Integer, String> NAMES = names();

    private KvmCap() {}

    private static Map<Integer, String> names() {
        Map<Integer, String> names = new TreeMap<>();
        for (Field field : KvmCap.class.getFields()) {
            if (field.getName().startsWith("KVM_CAP_")) {
                try {
                    names.put(field.getInt(null), field.getName());
                } catch (IllegalAccessException e) {
                    throw new IllegalStateException("A public constant of this class cannot be read", e);
                }
            }
        }
        return names;
    }

    /// {@return the capability's name, or `KVM_CAP_<number>` for a number that has none here}
    public static String name(int cap) {
        return NAMES.getOrDefault(cap, "KVM_CAP_" + cap);
    }
}
