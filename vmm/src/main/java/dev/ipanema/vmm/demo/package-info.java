/// Demonstrations of what caches do to virtual machines: small guests, what their VMM does, and what
/// came of it. Nothing here decides what an access sees or renders a finding.
package dev.ipanema.vmm.demo;
