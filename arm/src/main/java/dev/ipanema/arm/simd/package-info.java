/// The integer half of Advanced SIMD and the cryptographic instructions as pure functions on 64-bit halves of
/// registers: lanes, saturation, shifts, permutes, products, polynomials, AES, SHA and SM. No registers of a
/// processor, no decoding and no floating point live here.
package dev.ipanema.arm.simd;
