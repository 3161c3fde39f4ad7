package dev.ipanema.guests.program;

import org.jspecify.annotations.Nullable;

/// What the probe payload's stage 1 says about the memory from 2 GiB up.
public enum Stage1 {
    /// Normal Write-Back, Inner Shareable.
    WB("WB"),
    /// Normal Non-cacheable.
    NC("NC"),
    /// Device-nGnRnE.
    DEVICE_NGNRNE("nGnRnE"),
    /// Device-nGnRE.
    DEVICE_NGNRE("nGnRE"),
    /// The MMU is off.
    OFF("off");

    private final String word;

    Stage1(String word) {
        this.word = word;
    }

    /// {@return how the recordings spell it}
    public String word() {
        return word;
    }

    /// {@return the attribute of a spelling, null when there is none}
    public static @Nullable Stage1 of(String word) {
        for (Stage1 stage1 : values()) {
            if (stage1.word.equals(word)) {
                return stage1;
            }
        }
        return null;
    }
}
