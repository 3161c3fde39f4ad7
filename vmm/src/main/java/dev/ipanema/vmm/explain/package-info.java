/// What KVM does with one kind of memory, and why: builds a small host and virtual machine around the memory in
/// question, really creates the slot and really makes the access, and tells what the trails of the code that ran say.
/// No rule stands here.
package dev.ipanema.vmm.explain;
