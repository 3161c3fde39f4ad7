package dev.ipanema.machine.cache;

/// What hardware does where the architecture leaves it free: when dirty lines are written back, when
/// clean lines are filled and dropped. Software is right only if it is right under all of them.
public enum CachePolicy {
    /// Dirty lines are written back, and lines dropped, at once: hides most mistakes.
    EAGER,
    /// Nothing is written back before maintenance asks for it, nothing is filled that was not used.
    LAZY,
    /// Each choice is made by chance, from a seed.
    RANDOM,
    /// The worst for who reads next: lines are filled before others store past them, dirty lines are
    /// written back over what others stored.
    ADVERSARIAL
}
