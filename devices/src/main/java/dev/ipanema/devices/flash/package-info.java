/// Parallel flash memory. Its contents are memory that somebody else owns and maps.
package dev.ipanema.devices.flash;
