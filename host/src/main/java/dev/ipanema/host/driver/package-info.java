/// Character devices with an mmap of their own: what they do to a VMA and how they fill it in. The
/// mechanism of insertion is in `host.mm`; nothing here knows stage 2.
package dev.ipanema.host.driver;
