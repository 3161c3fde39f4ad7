package dev.ipanema.kvm.mmu;

import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.pgtable.Stage2Geometry;

/// What the kernel detected on every CPU of the host (`cpus_have_final_cap`), as far as KVM's memory path asks.
///
/// @param fwb `ARM64_HAS_STAGE2_FWB`
/// @param dic `ARM64_HAS_CACHE_DIC`
/// @param mte `system_supports_mte`
/// @param ras `ARM64_HAS_RAS_EXTN`
/// @param lpa2 52-bit addresses with 4 KiB pages
/// @param xnx FEAT_XNX
/// @param tlbiRange `ARM64_HAS_TLB_RANGE`
/// @param hardwareAf hardware management of the access flag
/// @param pointerAuthentication `system_has_full_ptr_auth_support`
/// @param pmu `kvm_arm_support_pmu_v3`
/// @param vmidBits 8 or 16
/// @param paBits the sanitised physical address size
public record CpuCaps(
        boolean fwb,
        boolean dic,
        boolean mte,
        boolean ras,
        boolean lpa2,
        boolean xnx,
        boolean tlbiRange,
        boolean hardwareAf,
        boolean pointerAuthentication,
        boolean pmu,
        int vmidBits,
        int paBits) {

    /// {@return the capabilities of a host whose CPUs are all of one model}
    public static CpuCaps of(CpuModel model) {
        return new CpuCaps(
                model.has(CpuFeature.FWB),
                model.has(CpuFeature.DIC),
                model.has(CpuFeature.MTE),
                model.has(CpuFeature.RAS),
                model.has(CpuFeature.LPA2),
                model.has(CpuFeature.XNX),
                model.has(CpuFeature.TLBIRANGE),
                model.has(CpuFeature.HAFDBS),
                model.pauthLevel() > 0,
                model.has(CpuFeature.PMU),
                model.vmidBits(),
                model.paRangeBits());
    }

    /// {@return whether KVM never needs cache maintenance, neither data nor instruction, so that cacheable memory
    /// need not have a kernel address (`kvm_supports_cacheable_pfnmap`)}
    public boolean supportsCacheablePfnmap() {
        return fwb && dic;
    }

    /// {@return the largest IPA size in bits (`kvm_set_ipa_limit`): the physical address size, 48 without LPA2}
    public int ipaLimitBits() {
        return lpa2 ? paBits : Math.min(paBits, Stage2Geometry.MAX_IPA_BITS_WITHOUT_LPA2);
    }
}
