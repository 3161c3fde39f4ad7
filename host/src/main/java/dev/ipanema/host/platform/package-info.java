/// Hosts: which processor and which physical memory map a platform has, and one running host with its
/// machine and its kernel's memory. No policy of KVM.
package dev.ipanema.host.platform;
