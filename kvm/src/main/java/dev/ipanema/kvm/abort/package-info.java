/// What KVM does when a guest access leaves the guest with an abort: routing, MMIO, pin, classify, protect, map,
/// and the exceptions given back to the guest. The decisions are pure functions of facts, so that whoever explains
/// them runs the same code as a guest; the rest carries them out.
package dev.ipanema.kvm.abort;
