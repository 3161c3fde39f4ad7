/// Memory slots: what they are, the checks of `KVM_SET_USER_MEMORY_REGION`, dirty bitmaps and dirty rings. Nothing
/// here reads or writes a stage-2 table.
package dev.ipanema.kvm.memslot;
