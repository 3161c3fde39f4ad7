package dev.ipanema.kvm.memslot;

import java.util.concurrent.atomic.AtomicLongArray;

/// The dirty bitmap of a slot: one bit a page, set by vCPUs, taken by `KVM_GET_DIRTY_LOG` and
/// `KVM_CLEAR_DIRTY_LOG`.
///
/// Several threads may use it at once.
public final class DirtyBitmap {
    private final AtomicLongArray words;
    private final long pages;

    /// A bitmap of clean pages.
    ///
    /// @param pages 1 to `KVM_MEM_MAX_NR_PAGES`
    public DirtyBitmap(long pages) {
        this.pages = pages;
        this.words = new AtomicLongArray(words(pages));
    }

    /// {@return the 64-bit words that a bitmap of so many pages takes}
    public static int words(long pages) {
        return Math.toIntExact((pages + 63) >>> 6);
    }

    /// Marks every page dirty (`KVM_DIRTY_LOG_INITIALLY_SET`).
    public void setAll() {
        for (int i = 0; i < words.length(); i++) {
            words.set(i, -1L >>> (i == words.length() - 1 ? -pages & 63 : 0));
        }
    }

    /// Marks one page dirty.
    public void set(long page) {
        int word = (int) (page >>> 6);
        long bit = 1L << page;
        if ((words.getOpaque(word) & bit) == 0) {
            words.getAndAccumulate(word, bit, (old, more) -> old | more);
        }
    }

    /// {@return whether a page is dirty}
    public boolean get(long page) {
        return (words.get((int) (page >>> 6)) >>> page & 1) != 0;
    }

    /// {@return the 64 bits of a word}
    public long word(int index) {
        return words.get(index);
    }

    /// {@return the 64 bits of a word, which are clear afterwards}
    public long takeWord(int index) {
        return words.get(index) == 0 ? 0 : words.getAndSet(index, 0);
    }

    /// Clears bits of a word.
    ///
    /// @return those of `mask` that were set
    public long clearWord(int index, long mask) {
        return words.getAndAccumulate(index, mask, (old, bits) -> old & ~bits) & mask;
    }
}
