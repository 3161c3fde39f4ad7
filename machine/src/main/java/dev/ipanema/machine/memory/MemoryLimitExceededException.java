package dev.ipanema.machine.memory;

import dev.ipanema.base.text.Sizes;

/// The simulated memory touched for the first time would exceed what the host may spend on it. The message
/// is a sentence for the user; the run that meets it ends with exit code 1.
public final class MemoryLimitExceededException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MemoryLimitExceededException(long limit) {
        super("Simulated memory in use would exceed its limit of " + readable(limit)
                + " on this computer; raise the limit with --max-memory or let the guest touch less memory");
    }

    private static String readable(long bytes) {
        if (bytes >= 10 * Sizes.GIB) {
            return bytes / Sizes.GIB + "G";
        }
        return bytes >= 10 * Sizes.MIB ? bytes / Sizes.MIB + "M" : Sizes.format(bytes);
    }
}
