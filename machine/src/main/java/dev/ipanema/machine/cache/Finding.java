package dev.ipanema.machine.cache;

import dev.ipanema.machine.memory.Agent;
import org.jspecify.annotations.Nullable;

/// What the monitor found, the first of its kind at its place; the next ones are counted.
///
/// @param agent who met it
/// @param pe number of the processing element; -1 when it was none
/// @param pc address of the instruction that met it; 0 when it was none
/// @param va virtual address of the access; 0 when none is known
/// @param ipa intermediate physical address; 0 when none is known
/// @param pa physical address of the first byte
/// @param bytes length of the access, or of what was overwritten, within the line
/// @param seen the bytes that the access got, or that were written back, in hexadecimal, lowest address
///     first; at most [#MAX_BYTES] of them
/// @param other the bytes of the other view at the same place, in the same form
/// @param here the alias of the access
/// @param there the other alias
/// @param writer who stored what the access missed; null when nobody is known
public record Finding(
        FindingKind kind,
        Agent agent,
        int pe,
        long pc,
        long va,
        long ipa,
        long pa,
        int bytes,
        String seen,
        String other,
        Alias here,
        Alias there,
        @Nullable Writer writer,
        Missing missing) {

    /// The most bytes of each view that a finding shows.
    public static final int MAX_BYTES = 16;
}
