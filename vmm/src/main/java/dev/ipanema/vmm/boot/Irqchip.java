package dev.ipanema.vmm.boot;

import dev.ipanema.base.text.BadInput;
import java.util.Locale;

/// The interrupt controller of a guest (kvmtool's `--irqchip`).
public enum Irqchip {
    /// A GICv2: at most 8 CPU interfaces (Arm GIC architecture 2.0, IHI 0048).
    GICV2("gicv2", 8),
    /// A GICv3 with redistributors and without an ITS.
    GICV3("gicv3", 64),
    /// A GICv3 with an ITS, for MSIs.
    GICV3_ITS("gicv3-its", 64);

    private final String word;
    private final int maxCpus;

    Irqchip(String word, int maxCpus) {
        this.word = word;
        this.maxCpus = maxCpus;
    }

    /// {@return how a user spells it}
    public String word() {
        return word;
    }

    /// {@return the most vCPUs that it serves; GICv3 would serve more than a host here has processing elements}
    public int maxCpus() {
        return maxCpus;
    }

    /// {@return the controller of a word}
    ///
    /// @throws BadInput for another word, with the list of those known
    public static Irqchip parse(String text) {
        for (Irqchip irqchip : values()) {
            if (irqchip.word.equals(text.strip().toLowerCase(Locale.ROOT))) {
                return irqchip;
            }
        }
        throw new BadInput("--irqchip: '" + text + "' is unknown; there are gicv2, gicv3, gicv3-its");
    }
}
