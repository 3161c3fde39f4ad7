/// Putting a guest together: where things lie, the device tree, the image, and running it to its end. Knows no
/// stage 2 and decides nothing that KVM decides.
package dev.ipanema.vmm.boot;
