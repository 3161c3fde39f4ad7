package dev.ipanema.machine.memory;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// How much memory this computer has for the process: what `/proc/meminfo` says, or less where a control
/// group limits it.
final class MemoryLimit {
    private static final Path MEMINFO = Path.of("/proc/meminfo");
    private static final Path OWN_CGROUP = Path.of("/proc/self/cgroup");
    private static final Path CGROUP_ROOT = Path.of("/sys/fs/cgroup");

    private MemoryLimit() {}

    /// {@return three quarters of the memory of this computer or control group, in bytes}
    static long threeQuarters() {
        return threeQuarters(MEMINFO, OWN_CGROUP, CGROUP_ROOT);
    }

    static long threeQuarters(Path meminfo, Path ownCgroup, Path cgroupRoot) {
        long total = Math.min(physicalMemory(meminfo), cgroupLimit(ownCgroup, cgroupRoot));
        return total / 4 * 3;
    }

    private static long physicalMemory(Path meminfo) {
        for (String line : linesOf(meminfo)) {
            if (line.startsWith("MemTotal:")) {
                return number(line.replaceAll("[^0-9]", "")) << 10;
            }
        }
        // No such file on this system: the JVM takes a quarter of the memory for its heap unless told otherwise.
        return Runtime.getRuntime().maxMemory() * 4;
    }

    private static long cgroupLimit(Path ownCgroup, Path root) {
        long limit = Long.MAX_VALUE;
        for (String line : linesOf(ownCgroup)) {
            String[] parts = line.split(":", 3);
            if (parts.length != 3) {
                continue;
            }
            if (parts[1].isEmpty()) {
                limit = Math.min(limit, smallest(root, parts[2], "memory.max"));
            } else if (List.of(parts[1].split(",")).contains("memory")) {
                limit = Math.min(limit, smallest(root.resolve("memory"), parts[2], "memory.limit_in_bytes"));
            }
        }
        return limit;
    }

    /// The smallest limit of a group and the groups above it; inside a container the path may lie outside of
    /// `root`, then the root's own file speaks for it.
    private static long smallest(Path root, String group, String file) {
        long limit = Long.MAX_VALUE;
        Path directory = root.resolve("." + group).normalize();
        if (!directory.startsWith(root)) {
            directory = root;
        }
        while (directory != null && directory.startsWith(root)) {
            for (String line : linesOf(directory.resolve(file))) {
                limit = Math.min(limit, number(line.strip()));
            }
            directory = directory.getParent();
        }
        return limit;
    }

    /// `max` and everything else that is no number means no limit.
    private static long number(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            return Long.MAX_VALUE;
        }
    }

    private static List<String> linesOf(Path file) {
        try {
            return Files.readAllLines(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return List.of();
        }
    }
}
