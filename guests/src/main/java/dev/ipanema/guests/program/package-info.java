/// Guest programs as images with entry points. They know what a guest knows: its physical address map and the
/// architecture; nothing of the host or of KVM.
package dev.ipanema.guests.program;
