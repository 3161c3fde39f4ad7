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

    /// Data of a range was cleaned to the point of unification: where CTR_EL0.DIC is 1, fetches see it
    /// from now on.
    void cleaned(Origin origin, long pa, long length);
}
