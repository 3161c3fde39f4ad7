/// The performance monitors of a guest (`arch/arm64/kvm/pmu-emul.c`): registers whose accesses are all
/// trapped, over
/// what `machine.cpu.EventCounts` counts in place of the host's perf events. No encodings, which are `arm`'s.
package dev.ipanema.kvm.pmu;
