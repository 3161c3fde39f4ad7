/// Scenarios: a host, a virtual machine and a list of steps with what a kernel answered to them. Read here from the
/// format of the recordings, run against this project's host, KVM and machine, and compared field by field. No rule
/// of KVM stands here; a disagreement is reported, never explained away.
package dev.ipanema.vmm.scenario;
