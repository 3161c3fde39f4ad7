/// What stands behind a disk: image files and overlays on them. No device lives here.
package dev.ipanema.devices.block;
