package dev.ipanema.machine.memory;

/// What holds instructions apart from data: the decoded code of the processing elements, as cache
/// maintenance sees it.
public interface InstructionCaches {
    /// There are none.
    InstructionCaches NONE = new InstructionCaches() {
        @Override
        public void invalidate(Origin origin, long pa, long length) {}

        @Override
        public void invalidateAll(Origin origin, boolean everywhere) {}

        @Override
        public void cleaned(Origin origin, long pa, long length) {}
    };

    /// Invalidates a range in the Inner Shareable domain: IC IVAU. Of a processing element's own, it is
    /// complete with its next DSB; of other agents, when the call returns.
    void invalidate(Origin origin, long pa, long length);

    /// Invalidates everything: IC IALLU, or IC IALLUIS.
    ///
    /// @param everywhere in the Inner Shareable domain; else on the calling thread's processing element
    void invalidateAll(Origin origin, boolean everywhere);

    /// Data of a range was cleaned or invalidated, so that fetches may see something else: where CTR_EL0.DIC
    /// is 1 they do, as soon as [#invalidate] would be complete.
    void cleaned(Origin origin, long pa, long length);
}
