package dev.ipanema.arm.a64;

import java.util.random.RandomGenerator;

/// Random instruction words of a row.
final class RandomWords {
    private static final int ATTEMPTS = 10_000;

    private RandomWords() {}

    /// {@return a word that the row matches, its free bits random}
    static int of(Encoding row, RandomGenerator random) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int word = row.canonical(random.nextInt());
            if (row.matches(word)) {
                return word;
            }
        }
        throw new IllegalStateException("No word of " + row + " found");
    }

    /// {@return the seed of this run: `-Dipanema.seed`, or the given one}
    static long seed(long otherwise) {
        long seed = Long.getLong("ipanema.seed", otherwise);
        System.out.println("ipanema.seed=" + seed);
        return seed;
    }
}
