/// Physical memory of the simulated machine: RAM regions that live off the Java heap, regions answered by
/// devices, the count of pages touched, cache-maintenance entry points, and the one seam to raw host
/// memory. Every access names its agent and memory type, so that caches can be modelled behind the same
/// calls. No translation, no registers, and nothing of any operating system.
package dev.ipanema.machine.memory;
