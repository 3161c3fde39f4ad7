package dev.ipanema.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// The catalogue of commands. A command's class is touched only by [#create], so that a run loads one of them.
final class Commands {
    /// The commands in the order in which the help lists them.
    static final List<String> NAMES = List.of(
            "run", "smi", "guests", "test", "demo", "explain", "replay", "check-table", "stage2", "vma", "bench");

    private Commands() {}

    /// {@return a new command of this name, null when there is none}
    static @Nullable Command create(String name) {
        return switch (name) {
            case "run" -> new RunCommand();
            case "smi" -> new SmiCommand();
            case "guests" -> new GuestsCommand();
            case "test" -> new TestCommand();
            case "demo" -> new DemoCommand();
            case "explain" -> new ExplainCommand();
            case "replay" -> new ReplayCommand();
            case "check-table" -> new CheckTableCommand();
            case "stage2" -> new Stage2Command();
            case "vma" -> new VmaCommand();
            case "bench" -> new BenchCommand();
            default -> null;
        };
    }

    /// {@return one line about a command of [#NAMES]}
    static String summary(String name) {
        return switch (name) {
            case "run" -> "boot a guest: the default one, which probes memory, or an image of yours";
            case "smi" -> "boot a guest with the host's GPUs and show what became of them";
            case "guests" -> "fetch kernels, an initial RAM disk and firmware by name";
            case "test" -> "run bare-metal test images in the form of kvm-unit-tests";
            case "demo" -> "show what caches do to virtual machines";
            case "explain" -> "what KVM does with one kind of memory, and why";
            case "replay" -> "run recorded or own scenarios and compare";
            case "check-table" -> "recompute a specification table";
            case "stage2" -> "print the stage-2 tables that a scenario ends with";
            case "vma" -> "print the VMM's mappings that a scenario ends with";
            case "bench" -> "measure stage-2 operations, the interpreter or the use of a GPU";
            default -> throw new IllegalArgumentException(name);
        };
    }
}
