package dev.ipanema.vmm.demo;

import dev.ipanema.base.text.BadInput;
import java.util.List;

/// A demonstration of what caches do.
public sealed interface Demo permits AliasDemo, BootloaderDemo, DmaDemo, JitDemo, LeakDemo, VirtioDemo {
    /// {@return all of them, in the order in which they are listed}
    static List<Demo> all() {
        return List.of(
                new LeakDemo(), new AliasDemo(), new BootloaderDemo(), new JitDemo(), new VirtioDemo(), new DmaDemo());
    }

    /// {@return the demonstration of a name}
    ///
    /// @throws BadInput when there is none
    static Demo of(String name) {
        return all().stream()
                .filter(demo -> demo.name().equals(name))
                .findFirst()
                .orElseThrow(() -> {
                    List<String> names = all().stream().map(Demo::name).toList();
                    return new BadInput(
                            "demonstration '" + name + "' is unknown; there are " + String.join(", ", names));
                });
    }

    /// {@return what users call it}
    String name();

    /// {@return one line about it}
    String summary();

    /// Does it.
    ///
    /// @throws BadInput when the host or the kernel cannot do it
    DemoReport run(DemoStage stage);
}
