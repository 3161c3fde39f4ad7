package dev.ipanema.vmm.scenario;

/// The host a scenario runs on, as the recordings describe it.
///
/// @param cpu a CPU model with features, in the notation of [dev.ipanema.arm.cpu.CpuModel#parse]
/// @param paBits physical address bits, ID_AA64MMFR0_EL1.PARange
/// @param fwb whether every CPU has FEAT_S2FWB
/// @param dic CTR_EL0.DIC of the system
/// @param idc CTR_EL0.IDC of the system
/// @param vmMte whether `KVM_CAP_ARM_MTE` is enabled on the virtual machine before its vCPU is created
public record HostDescription(String cpu, int paBits, boolean fwb, boolean dic, boolean idc, boolean vmMte) {}
