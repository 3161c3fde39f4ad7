/// Register models of a coherent GPU. Its memory is plain memory of the machine and is not here; nor is any
/// driver.
package dev.ipanema.devices.gpu;
