/// The memory-mapped part of the Generic Interrupt Controller as values: register offsets and fields of distributor,
/// redistributors, CPU interface and ITS, ranges of interrupt numbers. No state and no behaviour; the registers of the
/// CPU interface that a processor reaches by MRS and MSR stand in `arm.register`.
package dev.ipanema.arm.gic;
