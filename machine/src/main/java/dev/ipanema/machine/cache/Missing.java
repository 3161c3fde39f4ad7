package dev.ipanema.machine.cache;

/// The maintenance that a finding lacked.
public enum Missing {
    /// The writer's, before others read past the caches.
    CLEAN_TO_POC("DC CVAC or CIVAC by the writer after its store, then DSB"),
    /// The reader's, before it reads through the caches what was stored past them.
    INVALIDATE_TO_POC("DC IVAC or CIVAC of the line after the store past the caches, then DSB"),
    /// Before somebody stores past a dirty line.
    CLEAN_AND_INVALIDATE("DC CIVAC of the line before the store past the caches, then DSB"),
    /// Before instructions are fetched where CTR_EL0.IDC is 0.
    CLEAN_TO_POU("DC CVAU of the line after the store, then DSB"),
    /// Before new instructions are executed where CTR_EL0.DIC is 0.
    INVALIDATE_INSTRUCTIONS(
            "IC IVAU of the line after the store (and DC CVAU before it where IDC is 0), then DSB, ISB"),
    /// No maintenance: both aliases have to have one memory type.
    ONE_TYPE("one memory type for all aliases, or DC CIVAC of the page between the last use of one and the first of"
            + " the other");

    private final String text;

    Missing(String text) {
        this.text = text;
    }

    /// {@return what should have been done, for people}
    public String text() {
        return text;
    }
}
