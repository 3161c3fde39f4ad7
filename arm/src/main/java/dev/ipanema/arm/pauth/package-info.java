/// Pointer authentication as pure functions: the cipher, and how codes are put into pointers, checked and taken out. No
/// keys are kept here, and nothing is trapped.
package dev.ipanema.arm.pauth;
