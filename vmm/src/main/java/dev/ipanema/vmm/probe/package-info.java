/// The default guest: what a guest can do with each kind of memory, and what KVM's rules say it should be able to
/// do. Rules stand in `arm` and `kvm`; this package puts them in the order in which an access meets them.
package dev.ipanema.vmm.probe;
