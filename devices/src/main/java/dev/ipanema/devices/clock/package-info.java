/// Real-time clocks. Register models: the time comes from a source that the VMM gives.
package dev.ipanema.devices.clock;
