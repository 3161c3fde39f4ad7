/// The Linux mm as KVM leans on it: address spaces with VMAs, the host's page tables, faults, GUP and PFN
/// following, struct pages and their reference counts, MMU notifiers. Nothing about stage 2, guests or
/// particular devices.
package dev.ipanema.host.mm;
