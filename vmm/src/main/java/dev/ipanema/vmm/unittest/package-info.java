/// Bare-metal test images in the form of kvm-unit-tests: their configuration, one run of each, and what their consoles
/// say.
/// Prints nothing.
package dev.ipanema.vmm.unittest;
