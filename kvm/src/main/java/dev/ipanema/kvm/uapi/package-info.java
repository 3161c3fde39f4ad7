/// Names and numbers of `include/uapi/linux/kvm.h` and `arch/arm64/include/uapi/asm/kvm.h`, and the structures that
/// cross the border between KVM and a VMM. No behaviour: what is done with them stands in `kvm.vm`.
package dev.ipanema.kvm.uapi;
