/// CPU models as values: identification registers, cache geometry and features, read from a model's name. No running
/// state and no decision of a hypervisor lives here.
package dev.ipanema.arm.cpu;
