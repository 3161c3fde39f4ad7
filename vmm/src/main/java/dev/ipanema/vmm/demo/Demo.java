package dev.ipanema.vmm.demo;

import dev.ipanema.base.text.BadInput;
import java.util.List;
import java.util.Optional;

/// A demonstration of what caches do.
public sealed interface Demo
        permits AliasDemo, BootloaderDemo, DmaDemo, JitDemo, LeakDemo, MaintenanceDemo, VirtioDemo {
    /// {@return all of them, in the order in which they are listed}
    static List<Demo> all() {
        return List.of(
                new LeakDemo(),
                new AliasDemo(),
                new BootloaderDemo(),
                new JitDemo(),
                new VirtioDemo(),
                new DmaDemo(),
                new MaintenanceDemo());
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

    /// {@return the kind of host on which there is something to see, empty when the usual one is}
    default Optional<String> host() {
        return Optional.empty();
    }

    /// {@return how caches have to be modelled for there to be something to see, as the option spells it, empty when
    /// the usual way will do}
    default Optional<String> caches() {
        return Optional.empty();
    }

    /// {@return whether it is about maintenance that KVM leaves out}
    default boolean leavesOut() {
        return false;
    }

    /// Does it.
    ///
    /// @throws BadInput when the host or the kernel cannot do it
    DemoReport run(DemoStage stage);
}
