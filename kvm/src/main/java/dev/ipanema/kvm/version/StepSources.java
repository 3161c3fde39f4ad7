package dev.ipanema.kvm.version;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Where the functions of a kernel's fault path stand, in words that are put together once: every abort names some.
final class StepSources {
    private final String tree;
    private final Map<String, String> texts = new ConcurrentHashMap<>();

    /// @param tree what to call the kernel
    StepSources(String tree) {
        this.tree = tree;
    }

    /// {@return the source of a function of `arch/arm64/kvm/mmu.c`}
    String of(String function) {
        String known = texts.get(function);
        if (known == null) {
            known = "arch/arm64/kvm/mmu.c:" + function + " (" + tree + ")";
            texts.put(function, known);
        }
        return known;
    }
}
