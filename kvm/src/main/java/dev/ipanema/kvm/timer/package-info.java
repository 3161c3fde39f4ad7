/// The generic timers of a guest (`arch/arm64/kvm/arch_timer.c`): how an interrupt of the processing element's timers
/// becomes one of the vCPU, and how long a vCPU may sleep. The timers themselves are `machine.cpu`'s.
package dev.ipanema.kvm.timer;
