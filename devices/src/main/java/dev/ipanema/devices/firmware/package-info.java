/// What a machine tells its firmware. The values come from whoever builds the machine.
package dev.ipanema.devices.firmware;
