/// Measurements of the simulated hardware and of page-table code, without a VM. What is measured lives
/// below; how results are printed lives in the command line.
package dev.ipanema.vmm.bench;
