/// The archives that initial RAM disks are made of. Knows the format, not what a guest wants in it.
package dev.ipanema.images.cpio;
