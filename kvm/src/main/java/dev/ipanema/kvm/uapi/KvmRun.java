package dev.ipanema.kvm.uapi;

import org.jspecify.annotations.Nullable;

/// `struct kvm_run`: what KVM and the VMM tell each other around `KVM_RUN`, shared memory in the kernel, one object
/// here. Written by KVM on the vCPU's thread, read and (where the field says so) written by the VMM between runs.
public final class KvmRun {
    /// In: `KVM_RUN` returns `-EINTR` before it enters the guest. Any thread may write it.
    public volatile boolean immediateExit;

    /// Out: `KVM_EXIT_…` of [KvmExit].
    public int exitReason;

    /// Bit of [#deviceIrqLevel]: the virtual timer.
    public static final int KVM_ARM_DEV_EL1_VTIMER = 1;

    /// Bit of [#deviceIrqLevel]: the physical timer.
    public static final int KVM_ARM_DEV_EL1_PTIMER = 1 << 1;

    /// Bit of [#deviceIrqLevel]: the overflow interrupt of the performance monitors.
    public static final int KVM_ARM_DEV_PMU = 1 << 2;

    /// Out: lines of devices inside KVM, for a VMM that has the interrupt controller (`s.regs.device_irq_level`).
    public int deviceIrqLevel;

    /// `KVM_EXIT_MMIO`.
    public final Mmio mmio = new Mmio();

    /// `KVM_EXIT_ARM_NISV` and `KVM_EXIT_ARM_LDST64B`.
    public final ArmNisv armNisv = new ArmNisv();

    /// `KVM_EXIT_SYSTEM_EVENT`.
    public final SystemEvent systemEvent = new SystemEvent();

    /// `KVM_EXIT_MEMORY_FAULT`.
    public final MemoryFault memoryFault = new MemoryFault();

    /// `KVM_EXIT_ARM_SEA`.
    public final ArmSea armSea = new ArmSea();

    /// `KVM_EXIT_DEBUG`.
    public final Debug debug = new Debug();

    /// A debug exception that the VMM asked for by `KVM_SET_GUEST_DEBUG`.
    public static final class Debug {
        /// ESR_EL2.
        public long hsr;

        /// The address that a watchpoint was hit at, 0 for others.
        public long far;
    }

    /// One MMIO access. `data` holds it in the order of addresses; the VMM fills it in for a read before the next
    /// `KVM_RUN`.
    public static final class Mmio {
        /// The IPA.
        public long physAddr;

        /// The bytes, little-endian, the first `len` of them valid.
        public final byte[] data = new byte[8];

        /// 1, 2, 4 or 8.
        public int len;

        /// Whether the guest writes.
        public boolean isWrite;

        /// {@return the first `len` bytes as a little-endian number}
        public long value() {
            long value = 0;
            for (int i = 0; i < len; i++) {
                value |= (data[i] & 0xffL) << (8 * i);
            }
            return value;
        }

        /// Stores a little-endian number into `data`.
        public void setValue(long value) {
            for (int i = 0; i < data.length; i++) {
                data[i] = (byte) (value >>> (8 * i));
            }
        }
    }

    /// A data abort whose syndrome does not describe the access.
    public static final class ArmNisv {
        /// The ISS, masked to CM, WnR and FSC.
        public long esrIss;

        /// The IPA.
        public long faultIpa;
    }

    /// A system event that the guest asked for.
    public static final class SystemEvent {
        /// `KVM_SYSTEM_EVENT_…`.
        public int type;

        /// Words of `data` that are valid.
        public int ndata;

        /// Type-specific.
        public final long[] data = new long[16];
    }

    /// A fault on memory of a guest_memfd.
    public static final class MemoryFault {
        /// Nothing is defined for arm64.
        public long flags;

        /// The IPA.
        public long gpa;

        /// Bytes.
        public long size;
    }

    /// A synchronous external abort that the VMM is to handle.
    public static final class ArmSea {
        /// `KVM_EXIT_ARM_SEA_FLAG_GPA_VALID`.
        public long flags;

        /// The sanitised syndrome.
        public long esr;

        /// The guest virtual address, 0 when the hardware did not tell.
        public long gva;

        /// The IPA, valid by `flags`.
        public long gpa;
    }

    /// {@return the exit in one line, for reports}
    public String describe() {
        @Nullable
        String detail = switch (exitReason) {
            case KvmExit.KVM_EXIT_MMIO ->
                "phys_addr=0x" + Long.toHexString(mmio.physAddr) + " len=" + mmio.len + " is_write="
                        + (mmio.isWrite ? 1 : 0);
            case KvmExit.KVM_EXIT_ARM_NISV, KvmExit.KVM_EXIT_ARM_LDST64B ->
                "esr_iss=0x" + Long.toHexString(armNisv.esrIss) + " fault_ipa=0x" + Long.toHexString(armNisv.faultIpa);
            case KvmExit.KVM_EXIT_SYSTEM_EVENT -> "type=" + systemEvent.type;
            case KvmExit.KVM_EXIT_MEMORY_FAULT ->
                "gpa=0x" + Long.toHexString(memoryFault.gpa) + " size=" + memoryFault.size;
            case KvmExit.KVM_EXIT_ARM_SEA ->
                "esr=0x" + Long.toHexString(armSea.esr) + " gva=0x" + Long.toHexString(armSea.gva);
            case KvmExit.KVM_EXIT_DEBUG ->
                "hsr=0x" + Long.toHexString(debug.hsr) + " far=0x" + Long.toHexString(debug.far);
            default -> null;
        };
        return KvmExit.name(exitReason) + (detail == null ? "" : " " + detail);
    }
}
