/// KVM's tracepoints as an interface. Says what happened, decides nothing, and costs a call to an empty method when
/// nobody listens.
package dev.ipanema.kvm.trace;
