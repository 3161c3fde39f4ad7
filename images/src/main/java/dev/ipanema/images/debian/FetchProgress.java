package dev.ipanema.images.debian;

/// Takes what a fetch has to say meanwhile.
public interface FetchProgress {
    /// Something that takes time begins: one sentence, without a period.
    void doing(String sentence);

    /// Something is not as it should be, and the fetch goes on.
    void warn(String sentence);
}
