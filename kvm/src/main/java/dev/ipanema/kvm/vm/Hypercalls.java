package dev.ipanema.kvm.vm;

import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.uapi.KvmReg;
import java.time.Instant;
import java.util.function.LongSupplier;

/// Calls of the guest by the SMC Calling Convention that are not PSCI's (`arch/arm64/kvm/hypercalls.c`, `trng.c`):
/// the architecture's, the standard hypervisor's (paravirtual time), random numbers, and KVM's own.
///
/// Sources: Arm DEN0028 1.5, DEN0057 (Paravirtualized Time), DEN0098 (True Random Number Generator Firmware Interface).
final class Hypercalls {
    private static final int WORD = 32;
    private static final long LOW = 0xffff_ffffL;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final Vm vm;

    /// `smccc_feat->std_bmap`, `std_hyp_bmap` and `vendor_hyp_bmap`: which services the VMM lets the guest have.
    private long standard = KvmReg.KVM_REG_ARM_STD_BIT_TRNG_V1_0;

    private long standardHypervisor = KvmReg.KVM_REG_ARM_STD_HYP_BIT_PV_TIME;
    private long vendorHypervisor = KvmReg.KVM_REG_ARM_VENDOR_HYP_BIT_FUNC_FEAT | KvmReg.KVM_REG_ARM_VENDOR_HYP_BIT_PTP;

    /// Real time in nanoseconds since 1970.
    private volatile LongSupplier realTime = Hypercalls::hostTime;

    Hypercalls(Vm vm) {
        this.vm = vm;
    }

    private static long hostTime() {
        Instant now = Instant.now();
        return now.getEpochSecond() * NANOS_PER_SECOND + now.getNano();
    }

    void setRealTime(LongSupplier nanos) {
        realTime = nanos;
    }

    // ---- firmware registers ----------------------------------------------------------------------------------------

    /// {@return a register of the services, or -ENOENT for none}
    synchronized long feature(long id) {
        if (id == KvmReg.KVM_REG_ARM_STD_BMAP) {
            return standard;
        }
        if (id == KvmReg.KVM_REG_ARM_STD_HYP_BMAP) {
            return standardHypervisor;
        }
        return id == KvmReg.KVM_REG_ARM_VENDOR_HYP_BMAP ? vendorHypervisor : Errno.ENOENT.negated();
    }

    /// Sets a register of the services (`kvm_arm_set_fw_reg_bmap`).
    ///
    /// @return 0, or -ENOENT for no such register, -EINVAL for services that are not there, -EBUSY after a vCPU ran
    synchronized int setFeature(long id, long value) {
        long present = feature(id);
        if (present < 0) {
            return Errno.ENOENT.negated();
        }
        long known = id == KvmReg.KVM_REG_ARM_VENDOR_HYP_BMAP
                ? KvmReg.KVM_REG_ARM_VENDOR_HYP_BIT_FUNC_FEAT | KvmReg.KVM_REG_ARM_VENDOR_HYP_BIT_PTP
                : KvmReg.KVM_REG_ARM_STD_BIT_TRNG_V1_0;
        if ((value & ~known) != 0) {
            return Errno.EINVAL.negated();
        }
        if (value != present && vm.hasRunOnce()) {
            return Errno.EBUSY.negated();
        }
        if (id == KvmReg.KVM_REG_ARM_STD_BMAP) {
            standard = value;
        } else if (id == KvmReg.KVM_REG_ARM_STD_HYP_BMAP) {
            standardHypervisor = value;
        } else {
            vendorHypervisor = value;
        }
        return 0;
    }

    private synchronized boolean hasTrng() {
        return (standard & KvmReg.KVM_REG_ARM_STD_BIT_TRNG_V1_0) != 0;
    }

    private synchronized boolean hasPvTime() {
        return (standardHypervisor & KvmReg.KVM_REG_ARM_STD_HYP_BIT_PV_TIME) != 0;
    }

    private synchronized boolean hasVendor(long bit) {
        return (vendorHypervisor & bit) != 0;
    }

    // ---- calls -----------------------------------------------------------------------------------------------------

    /// Serves a call.
    void call(Vcpu vcpu, int function) {
        switch (function) {
            case SmcccFunction.SMCCC_VERSION -> vcpu.setResult(SmcccFunction.SMCCC_VERSION_1_1);
            case SmcccFunction.SMCCC_ARCH_FEATURES -> vcpu.setResult(archFeatures((int) vcpu.x(1)));
            case SmcccFunction.SMCCC_ARCH_WORKAROUND_1,
                    SmcccFunction.SMCCC_ARCH_WORKAROUND_2,
                    SmcccFunction.SMCCC_ARCH_WORKAROUND_3 -> vcpu.setResult(SmcccFunction.SMCCC_SUCCESS);
            case SmcccFunction.PV_TIME_FEATURES -> vcpu.setResult(pvTimeFeatures(vcpu));
            case SmcccFunction.PV_TIME_ST -> vcpu.setResult(stolenTime(vcpu));
            case SmcccFunction.VENDOR_HYP_CALL_UID -> vcpu.setResults(SmcccFunction.VENDOR_HYP_UID_KVM);
            case SmcccFunction.VENDOR_HYP_KVM_FEATURES -> vcpu.setResult(vendorFeatures());
            case SmcccFunction.VENDOR_HYP_KVM_PTP -> ptp(vcpu);
            case SmcccFunction.TRNG_VERSION,
                    SmcccFunction.TRNG_FEATURES,
                    SmcccFunction.TRNG_GET_UUID,
                    SmcccFunction.TRNG_RND32,
                    SmcccFunction.TRNG_RND64 -> random(vcpu, function);
            default -> vcpu.setResult(SmcccFunction.SMCCC_NOT_SUPPORTED);
        }
    }

    /// A simulated processor does not speculate: no workaround is needed.
    private long archFeatures(int function) {
        return switch (function) {
            case SmcccFunction.SMCCC_ARCH_WORKAROUND_1, SmcccFunction.SMCCC_ARCH_WORKAROUND_3 ->
                SmcccFunction.WORKAROUND_UNAFFECTED;
            case SmcccFunction.SMCCC_ARCH_WORKAROUND_2 -> SmcccFunction.SMCCC_NOT_REQUIRED;
            case SmcccFunction.PV_TIME_FEATURES ->
                hasPvTime() ? SmcccFunction.SMCCC_SUCCESS : SmcccFunction.SMCCC_NOT_SUPPORTED;
            default -> SmcccFunction.SMCCC_NOT_SUPPORTED;
        };
    }

    // ---- paravirtual time ------------------------------------------------------------------------------------------

    private long pvTimeFeatures(Vcpu vcpu) {
        int asked = (int) vcpu.x(1);
        boolean known = asked == SmcccFunction.PV_TIME_FEATURES || asked == SmcccFunction.PV_TIME_ST;
        return known && hasPvTime() && vcpu.pvTime().isPlaced()
                ? SmcccFunction.SMCCC_SUCCESS
                : SmcccFunction.SMCCC_NOT_SUPPORTED;
    }

    private long stolenTime(Vcpu vcpu) {
        return hasPvTime() && vcpu.pvTime().start() ? vcpu.pvTime().base() : SmcccFunction.SMCCC_NOT_SUPPORTED;
    }

    // ---- KVM's own -------------------------------------------------------------------------------------------------

    private synchronized long vendorFeatures() {
        return hasVendor(KvmReg.KVM_REG_ARM_VENDOR_HYP_BIT_FUNC_FEAT)
                ? vendorHypervisor
                : SmcccFunction.SMCCC_NOT_SUPPORTED;
    }

    /// `kvm_ptp_get_time`: real time and the counter of one moment.
    private void ptp(Vcpu vcpu) {
        long counter = vm.kvm().counter().count();
        switch ((int) vcpu.x(1)) {
            case SmcccFunction.KVM_PTP_VIRT_COUNTER -> counter -= vcpu.cpu().get(SysReg.CNTVOFF_EL2);
            case SmcccFunction.KVM_PTP_PHYS_COUNTER -> {
                // As it is.
            }
            default -> {
                vcpu.setResult(SmcccFunction.SMCCC_NOT_SUPPORTED);
                return;
            }
        }
        if (!hasVendor(KvmReg.KVM_REG_ARM_VENDOR_HYP_BIT_PTP)) {
            vcpu.setResult(SmcccFunction.SMCCC_NOT_SUPPORTED);
            return;
        }
        long now = realTime.getAsLong();
        vcpu.setResults(new long[] {now >>> WORD, now & LOW, counter >>> WORD, counter & LOW});
    }

    // ---- random numbers --------------------------------------------------------------------------------------------

    /// `kvm_trng_call`.
    private void random(Vcpu vcpu, int function) {
        if (!hasTrng()) {
            vcpu.setResult(SmcccFunction.SMCCC_NOT_SUPPORTED);
            return;
        }
        switch (function) {
            case SmcccFunction.TRNG_VERSION -> vcpu.setResult(SmcccFunction.TRNG_VERSION_1_0);
            case SmcccFunction.TRNG_FEATURES ->
                vcpu.setResult(
                        switch ((int) vcpu.x(1)) {
                            case SmcccFunction.TRNG_VERSION,
                                    SmcccFunction.TRNG_FEATURES,
                                    SmcccFunction.TRNG_GET_UUID,
                                    SmcccFunction.TRNG_RND32,
                                    SmcccFunction.TRNG_RND64 -> SmcccFunction.SMCCC_SUCCESS;
                            default -> SmcccFunction.TRNG_NOT_SUPPORTED;
                        });
            case SmcccFunction.TRNG_GET_UUID -> vcpu.setResults(SmcccFunction.TRNG_UUID);
            case SmcccFunction.TRNG_RND32 -> randomBits(vcpu, WORD);
            default -> randomBits(vcpu, Long.SIZE);
        }
    }

    /// `kvm_trng_do_rnd`: up to three registers of random bits, the last register first.
    private void randomBits(Vcpu vcpu, int size) {
        long bits = vcpu.x(1) & LOW;
        if (bits > 3L * size) {
            vcpu.setResult(SmcccFunction.TRNG_INVALID_PARAMETER);
            return;
        }
        long[] results = new long[4];
        results[0] = SmcccFunction.SMCCC_SUCCESS;
        for (int n = 3; n > 0; n--) {
            int here = Math.clamp(bits - (3L - n) * size, 0, size);
            results[n] = here == 0 ? 0 : vm.kvm().random() >>> (Long.SIZE - here);
        }
        vcpu.setResults(results);
    }
}
