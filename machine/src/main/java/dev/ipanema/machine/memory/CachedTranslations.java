package dev.ipanema.machine.memory;

/// The fast ways to memory that bypass [CacheSystem]: entries of the TLBs of all processing elements, as
/// the caches see them. Implemented above, by the machine.
public interface CachedTranslations {
    /// Nobody has any.
    CachedTranslations NONE = new CachedTranslations() {
        @Override
        public void dropPage(long paPage) {}

        @Override
        public void serve() {}
    };

    /// Drops every entry of a physical page, and returns when no processing element uses one any longer.
    /// Requests of others to the calling thread's own element are served meanwhile.
    ///
    /// @param paPage a multiple of 4 KiB
    void dropPage(long paPage);

    /// Serves requests of others to the calling thread's own element, if it runs one: for a thread that
    /// waits.
    void serve();
}
