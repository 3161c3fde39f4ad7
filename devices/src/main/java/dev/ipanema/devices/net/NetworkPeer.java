package dev.ipanema.devices.net;

import org.jspecify.annotations.Nullable;

/// The other end of a guest's network cable. Frames are Ethernet frames without checksum. Used under the VMM's lock.
public interface NetworkPeer {
    /// Longest frame that passes, with its header.
    int MAX_FRAME = 65_550;

    /// Takes a frame from the guest.
    ///
    /// @param frame reused afterwards
    void fromGuest(byte[] frame, int length);

    /// {@return the next frame for the guest, at most [#MAX_FRAME] bytes, null when there is none now}
    byte @Nullable [] next();
}
