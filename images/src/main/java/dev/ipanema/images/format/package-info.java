/// Guest images as files: what is in them and where it wants to be. Knows no VM and loads nothing.
package dev.ipanema.images.format;
