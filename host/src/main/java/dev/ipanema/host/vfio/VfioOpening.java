package dev.ipanema.host.vfio;

import org.jspecify.annotations.Nullable;

/// What opening a device came to.
///
/// @param errno 0, or the negated errno of the open or of the driver's probe
/// @param reason in one sentence why not; empty when it is open
/// @param device the open device, null when it is not
public record VfioOpening(
        int errno, String reason, @Nullable VfioDevice device) {
    static VfioOpening refused(int errno, String reason) {
        return new VfioOpening(errno, reason, null);
    }
}
