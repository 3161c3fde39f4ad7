/// Serial ports. Registers only: bytes go to a sink and come from a source that the VMM gives.
package dev.ipanema.devices.serial;
