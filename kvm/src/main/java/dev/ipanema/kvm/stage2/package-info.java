/// KVM's stage-2 page-table library and the allocation of VMIDs: tables are built in simulated physical
/// memory, where the MMU of the machine walks them. It does what it is told: which protection or size a
/// mapping gets is decided in `kvm.abort` and `kvm.version`; how an entry is encoded, in `arm.pgtable`.
package dev.ipanema.kvm.stage2;
