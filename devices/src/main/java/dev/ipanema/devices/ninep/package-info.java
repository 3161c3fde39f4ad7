/// 9P2000.L: a folder of the host, shared read-only. Messages in, messages out; how they travel lives elsewhere.
package dev.ipanema.devices.ninep;
