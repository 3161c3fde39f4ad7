/// Time and chance as arguments, so that a deterministic run repeats exactly.
package dev.ipanema.base.time;
