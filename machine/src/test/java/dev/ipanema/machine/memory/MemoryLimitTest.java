package dev.ipanema.machine.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryLimitTest {
    @TempDir
    Path directory;

    private Path meminfo;
    private Path ownCgroup;
    private Path root;

    @BeforeEach
    void computerOf8GiB() throws IOException {
        meminfo = Files.writeString(directory.resolve("meminfo"), "MemTotal:        8388608 kB\nMemFree: 1 kB\n");
        ownCgroup = directory.resolve("cgroup-of-self");
        root = Files.createDirectories(directory.resolve("cgroup"));
    }

    private long limit() {
        return MemoryLimit.threeQuarters(meminfo, ownCgroup, root);
    }

    @Test
    void threeQuartersOfTheComputerWithoutControlGroup() {
        assertThat(limit()).isEqualTo(6L << 30);
    }

    @Test
    void smallestLimitOfTheGroupAndItsParentsWins() throws IOException {
        Files.writeString(ownCgroup, "0::/slice/job\n");
        Files.createDirectories(root.resolve("slice/job"));
        Files.writeString(root.resolve("slice/memory.max"), "4294967296\n");
        Files.writeString(root.resolve("slice/job/memory.max"), "max\n");

        assertThat(limit()).isEqualTo(3L << 30);
    }

    @Test
    void containerThatSeesOnlyTheRootOfItsGroupUsesTheRoot() throws IOException {
        Files.writeString(ownCgroup, "0::/../../elsewhere\n");
        Files.writeString(root.resolve("memory.max"), "2147483648\n");

        assertThat(limit()).isEqualTo(3L << 29);
    }

    @Test
    void firstVersionOfControlGroupsIsRead() throws IOException {
        Files.writeString(ownCgroup, "3:cpu,cpuacct:/\n4:memory:/docker/1\n");
        Files.createDirectories(root.resolve("memory/docker/1"));
        Files.writeString(root.resolve("memory/docker/1/memory.limit_in_bytes"), "1073741824\n");

        assertThat(limit()).isEqualTo(3L << 28);
    }

    @Test
    void systemWithoutTheseFilesGoesByTheHeapOfTheJvm() throws IOException {
        Files.delete(meminfo);

        assertThat(limit()).isEqualTo(Runtime.getRuntime().maxMemory() * 4 / 4 * 3);
    }
}
