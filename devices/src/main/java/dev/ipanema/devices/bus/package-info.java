/// What a device is wired to: interrupt lines, messages that are interrupts, and the way registers of one width are
/// accessed with another. No device lives here.
package dev.ipanema.devices.bus;
