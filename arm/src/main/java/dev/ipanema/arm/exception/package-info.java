/// Syndromes: exception classes, fault status codes and the registers that report an exception or a
/// translation (ESR_ELx, HPFAR_EL2, PAR_EL1), encoded, decoded and printed. What raises or handles an
/// exception lives elsewhere.
package dev.ipanema.arm.exception;
