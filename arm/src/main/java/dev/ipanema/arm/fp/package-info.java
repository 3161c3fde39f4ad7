/// IEEE 754 arithmetic as the architecture defines it, on the bits of numbers, with the cumulative flags of FPSR and
/// the modes of FPCR. No registers of a processor and no decoding live here.
package dev.ipanema.arm.fp;
