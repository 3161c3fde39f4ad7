package dev.ipanema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.guests.program.MapProgram;
import dev.ipanema.images.cpio.CpioWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Debian's kernels on the coherent memory of a GPU, in each of the ways of `docs/gpu.md`: as RAM of a NUMA node, as
/// persistent memory, behind a BAR, and as the whole of the guest's RAM. Guests are from the cache as in
/// [LinuxBootTest].
@Timeout(900)
class LinuxGpuTest {
    private static final String NODE = "coherent-memory,node=1";
    /// Capability 11h, the last one, of eight vectors.
    private static final String MSIX = " 11 00 07";

    private static final String SECOND_GPU = "0x0000018000000000";
    private static final String SLOT = "0000:01:00.0 memory";

    /// Programs and data on node 1, and what a process that runs there says of its pages.
    private static final String USE_NODE = "cat /sys/devices/system/node/online;"
            + " grep MemTotal /sys/devices/system/node/node1/meminfo;"
            + " mkdir /gpu; mount -t tmpfs -o mpol=bind:1 gpu /gpu; cp /bin/busybox /gpu/;"
            + " head -c 16777216 /dev/urandom >/gpu/data; md5sum </gpu/data; /gpu/busybox md5sum </gpu/data;"
            + " /gpu/busybox cat /proc/self/numa_maps | grep file=/gpu/busybox";

    /// What Linux made of the BARs, the memory written by user space, and where the GPU itself has it.
    private static final String USE_BAR = "D=$(dirname $(grep -l 0x10de /sys/bus/pci/devices/*/vendor));"
            + " cat $D/device; od -An -tx1 -j 132 -N 3 $D/config; sed -n 5p $D/resource; echo 1 >$D/enable;"
            + " bar() { sed -n $(($1 + 1))p $D/resource | cut -d' ' -f1; };"
            + " devmem $(bar 4) 64 0x1122334455667788; devmem $(($(bar 4) + 4)) 32;"
            + " devmem $(($(bar 0) + 0x100ce0)) 64;"
            + " /map $D/resource4_wc; echo $?; /map $D/resource4; echo $?; ";

    /// [#USE_BAR] of a BAR's address and the memory's, behind them what processes get who map it write-combining
    /// (works) and as a device (SIGBUS).
    private static List<String> barAt(String bar, String end, String memory) {
        return List.of("0x2941", MSIX, bar + " " + end + " 0x000000000014220c", "0x11223344", memory, "0", "135");
    }

    private static final String USE_PMEM = "modprobe of_pmem; modprobe nd_pmem; cat /sys/block/pmem0/size;"
            + " head -c 4194304 /dev/urandom >/data; dd if=/data of=/dev/pmem0 bs=1M conv=fsync;"
            + " echo 3 >/proc/sys/vm/drop_caches; head -c 4194304 /dev/pmem0 | cmp - /data && echo same";

    private final GuestRunner runner = new GuestRunner();

    @TempDir
    private Path folder;

    private int boot(String kernel, String... more) {
        List<String> args = new ArrayList<>(List.of("run", "--timeout", "800", "-k", GuestRunner.guest(kernel)));
        args.addAll(List.of(
                "-i",
                GuestRunner.guest("busybox"),
                "-i",
                GuestRunner.guest(kernel + "-modules"),
                "-p",
                "console=ttyAMA0"));
        args.addAll(List.of(more));
        return runner.run(args);
    }

    private String text() {
        return runner.output();
    }

    private List<String> lines() {
        return Arrays.asList(text().split("\n"));
    }

    private String report() {
        return text() + "\n" + runner.messages();
    }

    /// Says what a boot took, and where it ended when it failed.
    @AfterEach
    void report(TestInfo test) {
        String[] said = runner.messages().strip().split("\n");
        System.out.println(test.getDisplayName() + ": " + said[said.length - 1]);
    }

    /// {@return an archive with [MapProgram] as `/map`}
    private String mapProgram() throws IOException {
        byte[] archive = new CpioWriter().file("map", 0755, MapProgram.elf()).finish();
        return Files.write(folder.resolve("map.cpio"), archive).toString();
    }

    // ---- (a) RAM of a node -----------------------------------------------------------------------------------------

    private void programsRunOnNode1(String kernel, String... more) {
        List<String> args = new ArrayList<>(List.of(more));
        args.addAll(List.of("--gpu-memory", "2G", "--device", NODE, "--exec", USE_NODE));

        int code = boot(kernel, args.toArray(new String[0]));

        assertThat(code).as(report()).isZero();
        List<String> lines = lines();
        assertThat(lines.getFirst()).isEqualTo("0-1");
        assertThat(Long.parseLong(lines.get(1).replaceAll("\\D+1 MemTotal:\\s+(\\d+) kB", "$1")))
                .as("all of 2 GiB but what describes it")
                .isBetween(1_900_000L, 2_097_152L);
        assertThat(lines.get(2)).matches("[0-9a-f]{32} +-").isEqualTo(lines.get(3));
        assertThat(lines.subList(4, lines.size()))
                .isNotEmpty()
                .allMatch(line -> line.contains(" N1="))
                .noneMatch(line -> line.contains(" N0="));
    }

    @Test
    void aProgramRunsFromMemoryOfTheGpuAsANode() throws IOException {
        Path tables = folder.resolve("stage2");

        programsRunOnNode1("linux-6.12", "--dump-stage2", tables.toString());

        assertThat(Files.readAllLines(tables).stream()
                        .filter(line -> line.startsWith("0x00000100"))
                        .toList())
                .as("memory above 1 TiB is the GPU's: write-back and executable")
                .isNotEmpty()
                .allMatch(line -> line.matches("\\S+ +\\S+ \\d( +R W px ux +AF( BLK)? +MEM/NORMAL)?"))
                .anyMatch(line -> line.endsWith("MEM/NORMAL"));
    }

    @Tag("long")
    @ParameterizedTest
    @CsvSource({"linux-6.12, 4, linux-6.17", "linux-7.3, 4, linux-7.3", "linux-6.1, 2, linux-6.18"})
    void severalProcessorsOfEachKernelRunOnNode1(String kernel, int cpus, String policy) {
        programsRunOnNode1(kernel, "-c", Integer.toString(cpus), "--policy", policy);
    }

    @Test
    void underAnOlderKernelTheGuestFailsWhenItFirstClearsAPage() {
        int code = boot(
                "linux-6.12",
                "--policy",
                "linux-6.16",
                "--gpu-memory",
                "2G",
                "--device",
                NODE + ",force",
                "--expect",
                "/ # ");

        assertThat(code).as(report()).isEqualTo(1);
        assertThat(runner.messages())
                .contains(
                        "KVM_RUN returned -EFAULT at PC ",
                        "ESR_EL2 = DABT alignment fault WnR",
                        "A PFN outside map memory is a device, whatever its VMA says: NON_CACHEABLE",
                        "=> KVM_RUN: -EFAULT")
                .containsPattern("pc 0xffff[0-9a-f]+: dc zva, x\\d+\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"series-v7/2", "series-v7/3"})
    void halfOfTheSeriesRefusesTheSlot(String policy) {
        int code = boot("linux-6.12", "--policy", policy, "--gpu-memory", "2G", "--device", NODE + ",force");

        assertThat(code).as(report()).isEqualTo(1);
        assertThat(runner.messages()).contains(SLOT, "2G returned -EINVAL");
    }

    // ---- (b) persistent memory, (c) a BAR --------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(strings = "linux-6.12")
    void aDriverMapsTheMemoryAndAnotherGpusBarIsAtItsHostPhysicalAddress(String kernel) throws IOException {
        int code = boot(
                kernel,
                "--gpus",
                "2",
                "--gpu-memory",
                "2G",
                "--device",
                "coherent-memory,as=pmem",
                "--device",
                "vfio,host=0001:01:00.0,identity-map",
                "--device",
                "rng,transport=pci",
                "-i",
                mapProgram(),
                "--exec",
                USE_BAR + USE_PMEM + "; grep -c 'ITS.*virtio' /proc/interrupts");

        assertThat(code).as(report()).isZero();
        List<String> expected = new ArrayList<>(barAt(SECOND_GPU, "0x000001807fffffff", SECOND_GPU));
        expected.addAll(List.of("4194304", "same", "2"));
        assertThat(lines()).as(report()).isEqualTo(expected);
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(strings = {"linux-6.1", "linux-7.3"})
    void otherKernelsKeepTheBarTheyAreGiven(String kernel) throws IOException {
        aDriverMapsTheMemoryAndAnotherGpusBarIsAtItsHostPhysicalAddress(kernel);
    }

    @Tag("long")
    @Test
    void linuxPlacesABarOf256GByItself() throws IOException {
        int code = boot("linux-6.12", "--device", "vfio,host=0000:01:00.0", "-i", mapProgram(), "--exec", USE_BAR);

        assertThat(code).as(report()).isZero();
        assertThat(lines())
                .as(report())
                .isEqualTo(barAt("0x0000008000000000", "0x000000bfffffffff", "0x0000008000000000"));
    }

    // ---- all of RAM ------------------------------------------------------------------------------------------------

    @Test
    void linuxRunsOnMemoryThatTheHostsKernelDoesNotKnow() {
        int code = boot("linux-6.12", "--egm", "-m", "1G", "--exec", "grep MemTotal /proc/meminfo");

        assertThat(code).as(report()).isZero();
        assertThat(text()).matches("MemTotal: +9\\d\\d\\d\\d\\d kB\n");
    }

    @ParameterizedTest
    @CsvSource({"altra, linux-7.3", "a710, linux-7.3", "gb200, linux-6.16"})
    void suchMemoryIsRefusedWhereItCannotBeMappedCacheable(String host, String policy) {
        int code = boot("linux-6.12", "--egm", "-m", "1G", "--host", host, "--policy", policy);

        assertThat(code).as(report()).isEqualTo(1);
        assertThat(runner.messages()).containsPattern("EGM|CACHEABLE_PFNMAP");
    }
}
