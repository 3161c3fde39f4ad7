/// Debian's packages and where they come from: the machine's own apt sources, a private apt state for arm64, the index,
/// versions, dependencies, and what is in a `.deb`. Knows no guest; changes nothing of the machine's apt.
package dev.ipanema.images.debian;
