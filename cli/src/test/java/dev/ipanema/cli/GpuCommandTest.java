package dev.ipanema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `ipanema run` and `ipanema smi` with the host's GPUs: what each command line of `docs/gpu.md` ends with, and that
/// the table says what the tables hold.
@Timeout(120)
class GpuCommandTest {
    private static final Pattern DUMPED =
            Pattern.compile("0x([0-9a-f]{16})-0x([0-9a-f]{16}) +\\d+[KMGTPE] ([0-3]).* ((?:MEM|DEVICE)/\\S+)");
    private static final Map<String, String> TYPES =
            Map.of("MEM/NORMAL", "NORMAL_WB", "MEM/NORMAL-NC", "NORMAL_NC", "DEVICE/nGnRE", "DEVICE_nGnRE");
    private static final int RADIX = 16;
    private static final int PAGE_SHIFT = 12;
    private static final int LEVEL_SHIFT = 9;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    private int ipanema(String line) {
        return Main.run(line.strip().split(" +", -1), new PrintWriter(out, true), new PrintWriter(err, true));
    }

    // ---- the table of behaviour ------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "run --guest gpu-driver                                         | gpu: 13 ok, 0 failed",
                "run --guest gpu-driver --policy linux-6.17                     | gpu: 13 ok, 0 failed",
                "run --guest gpu-driver --policy linux-6.18                     | gpu: 13 ok, 0 failed",
                "run --guest gpu-driver --host gh200                            | resmem ok",
                "run --guest gpu-driver --host gb300                            | memory: 0x4800000000",
                "run --guest gpu-driver --host cxl                              | gpu: 13 ok, 0 failed",
                "run --guest gpu-driver --device coherent-gpu,memory=8G         | memory: 0x200000000",
                "run --guest gpu-driver --device coherent-gpu,model=gh200       | device: 0x2342",
                "run --guest gpu-driver --device coherent-gpu,link=down         | gpu: no coherent memory",
                "run --guest gpu-driver --gpus 2 --device vfio,host=0001:01:00.0,identity-map | copy-engine ok",
                "run --guest gpu-driver --gpus 2 --device vfio,host=0001:01:00.0              | copy-engine FAIL",
                "run --guest gpu-driver --deterministic                         | gpu: 13 ok, 0 failed",
                "run --guest gpu-touch --gpu-memory 1G                          | touch: 512 blocks",
                "run --guest gpu-driver -c 4 --gpus 8                           | gpu: 13 ok, 0 failed",
            })
    void theGuestUsesTheGpu(String line, String words) {
        int code = ipanema(line);

        assertThat(code).as(err.toString()).isZero();
        assertThat(out.toString()).contains(words);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "--guest gpu-unaligned --policy linux-6.16 --device vfio,host=0000:01:00.0,force"
                        + " | KVM_RUN returned -EFAULT at PC 0x400 | DABT alignment fault",
                "--guest gpu-driver --policy series-v7/2 --device vfio,host=0000:01:00.0,force"
                        + " | 192G returned -EINVAL | cannot follow it (series-v7/2)",
                "--guest gpu-driver --policy series-v7/3 --device vfio,host=0000:01:00.0,force"
                        + " | 192G returned -EINVAL | cannot follow it (series-v7/3)",
                "--guest gpu-driver --policy linux-6.16"
                        + " | capability 243 is not known to linux-6.16 | add ',force'",
                "--guest gpu-driver --host altra"
                        + " | the host has no FEAT_S2FWB, the host has no CTR_EL0.DIC | add ',force'",
                "--guest gpu-driver --host altra --device vfio,host=0000:01:00.0,force"
                        + " | 96G returned -EINVAL | FEAT_S2FWB && CTR_EL0.DIC = false",
                "--guest gpu-driver --host a710 | is 0 (the host has no CTR_EL0.DIC) | add ',force'",
                "--guest gpu-driver --host altra --policy series-v7/4 --device vfio,host=0000:01:00.0,force"
                        + " | KVM_RUN returned -EINVAL at PC 0x40000000 | whatever the PFN is",
                "--guest gpu-driver --host altra --policy series-v7/5 --device vfio,host=0000:01:00.0,force"
                        + " | KVM_RUN returned -EINVAL at PC 0x40000000 | whatever the PFN is",
                "--guest gpu-driver --device coherent-gpu,training=never | -ETIME | C2C link up and HBM trained",
            })
    void whatFailsSaysWhy(String line, String words, String reason) {
        assertThat(ipanema("run " + line)).isEqualTo(1);

        assertThat(err.toString()).startsWith("ipanema: ").contains(words, reason);
    }

    // ---- bad options -----------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "--guest gpu-diver                             | there are gpu-driver, gpu-unaligned",
                "--guest gpu-driver --host gb400               | Host 'gb400' is unknown",
                "--guest gpu-driver --device coherent-gpu,model=h100      | h100",
                "--guest gpu-driver --device coherent-gpu,memory=3M       | 2M",
                "--guest gpu-driver --device coherent-gpu,memory=0        | 0",
                "--guest gpu-driver --device coherent-gpu,memory=500G     | memory of 500G does not fit",
                "--guest gpu-driver --device coherent-gpu,memory=8388607T | memory of 8388607T does not fit",
                "--guest gpu-driver --device coherent-gpu,memory=1G,model=gh200 | MIG bug takes",
                "--guest gpu-driver --device coherent-gpu,link=up,links=2 | 'links' is unknown",
                "--guest gpu-driver --device vfio                         | 'host=…' is missing",
                "--guest gpu-driver --device vfio,host=1:0.0              | is not where a device is",
                "--guest gpu-driver --device vfio,host=0009:01:00.0       | 0009:01:00.0",
                "--guest gpu-driver --device vfio,host=0000:01:00.0 --device vfio,host=0000:01:00.0 | twice",
                "--guest gpu-driver --device coherent-memory --device coherent-memory,node=2        | twice",
                "--guest gpu-driver --device coherent-gpu,link=down,identity-map | has no coherent memory",
                "--guest gpu-driver --device coherent-memory,node=64      | node is 1 to 63",
                "--guest gpu-driver --device coherent-memory,size=3M      | a multiple of 2M",
                "--guest gpu-driver --device coherent-memory,size=193G    | which has 192G",
                "--guest gpu-driver --device coherent-memory,host=0001:01:00.0 | 0001:01:00.0",
                "--guest gpu-driver --gpus 0                   | a host has 1 to 16",
                "--guest gpu-driver --gpus 2 --device coherent-gpu    | give one of them",
                "--guest gpu-driver --device vfio,host=0000:01:00.0 --device coherent-memory | has this device already",
                "--guest gpu-driver --gpus 17                  | a host has 1 to 16",
                "--guest gpu-driver --gpu-memory 1M            | not a multiple of 2M",
                "--guest gpu-driver --host a710 --egm -m 64G   | Extended GPU memory of 64G",
                "-k x --guest gpu-driver                       | takes the place of an image",
                "--egm                                         | are about an image",
                "--device coherent-memory                      | are about an image",
            })
    void whatCannotBeIsOneSentence(String line, String words) {
        int code = ipanema("run " + line);

        assertThat(code).as(err.toString()).isBetween(1, 2);
        assertThat(err.toString()).startsWith("ipanema: ").hasLineCount(1).contains(words);
    }

    // ---- smi -------------------------------------------------------------------------------------------------------

    @Test
    void aDeviceOfTheHostWithoutAnImageStartsTheDriver() {
        assertThat(ipanema("run --device coherent-gpu,memory=8G,model=gh200")).isZero();

        assertThat(out.toString()).contains("device: 0x2342", "gpu: 13 ok, 0 failed");
    }

    @Test
    void migrationIsRefusedWithWhatKvmSaid() {
        assertThat(ipanema("smi --gpu-memory 4G --migrate-to altra")).isEqualTo(1);

        assertThat(out.toString())
                .contains(
                        "migration to altra, linux-7.3: refused",
                        "nvgrace-gpu offers no migration",
                        "BAR 4: dirty logging of slot ",
                        "returned -EINVAL: dirty logging of a VM_PFNMAP VMA",
                        "the host has no FEAT_S2FWB");
    }

    @Test
    void memoryThatTheHostDoesNotKnowKeepsAGuestToo() {
        assertThat(ipanema("smi --gpu-memory 4G --egm --migrate-to gh200")).isEqualTo(1);

        assertThat(out.toString())
                .contains("RAM: dirty logging of slot 0 returned -EINVAL")
                .doesNotContain("is mapped cacheable here, and not on");
    }

    @Test
    void smiPrintsATableAndTheConsoleElsewhere() {
        assertThat(ipanema("smi --gpus 2")).as(err.toString()).isZero();

        assertThat(err.toString()).contains("gpu: 13 ok, 0 failed");
        assertThat(out.toString())
                .startsWith("gb200, linux-7.3: 2 devices of the host in the guest")
                .contains(
                        "0000:01:00.0  10de:2941  driver nvgrace-gpu",
                        "memory   192G coherent",
                        "BAR 4    256G  at 0x8000000000, memory behind the first 192G",
                        "NORMAL_WB RWX, 2M in leaves of 2M",
                        "0001:01:00.0  10de:2941  driver nvgrace-gpu",
                        "BAR 4    256G  answers nowhere");
    }

    @Test
    void smiTellsRefusalsWithTheirReasons() {
        assertThat(ipanema("smi --host altra --device vfio,host=0000:01:00.0,force"))
                .isEqualTo(1);

        assertThat(out.toString())
                .contains(
                        "refused  KVM cannot map its coherent memory",
                        "refused  KVM_SET_USER_MEMORY_REGION of 0000:01:00.0 BAR 4",
                        "FEAT_S2FWB && CTR_EL0.DIC = false");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--host gb200",
                "--host gh200",
                "--host gb200 --policy linux-6.17",
                "--guest gpu-touch --gpu-memory 1G",
                "--guest gpu-unaligned --policy linux-6.16 --device vfio,host=0000:01:00.0,force",
                "--gpus 2 --device vfio,host=0001:01:00.0,identity-map --device vfio,host=0000:01:00.0",
            })
    void everyNumberOfSmiIsInTheDumpOfStage2(String options) throws IOException {
        Path dump = folder.resolve("stage2");
        ipanema("smi --json --dump-stage2 " + dump + " " + options);
        JsonNode report = JsonMapper.shared().readTree(out.toString());
        List<Dumped> leaves = dumped(Files.readString(dump));

        long compared = 0;
        for (JsonNode device : report.get("devices")) {
            for (JsonNode slot : device.get("slots")) {
                long ipa = Long.decode(slot.get("ipa").asString());
                Map<String, Long> inDump =
                        bytesIn(leaves, ipa, ipa + slot.get("size").asLong());
                assertThat(told(slot)).as(slot.toString()).isEqualTo(inDump);
                compared += inDump.size();
            }
        }
        assertThat(compared).isPositive();
    }

    /// Adjacent leaves as the dump shows them.
    private record Dumped(long from, long to, String type, long leaf) {}

    private static List<Dumped> dumped(String text) {
        List<Dumped> all = new ArrayList<>();
        for (String line : text.lines().toList()) {
            Matcher matcher = DUMPED.matcher(line);
            if (matcher.find()) {
                all.add(new Dumped(
                        Long.parseLong(matcher.group(1), RADIX),
                        Long.parseLong(matcher.group(2), RADIX),
                        TYPES.getOrDefault(matcher.group(4), matcher.group(4)),
                        1L << (PAGE_SHIFT + LEVEL_SHIFT * (3 - Integer.parseInt(matcher.group(3))))));
            }
        }
        return all;
    }

    private static Map<String, Long> bytesIn(List<Dumped> leaves, long from, long to) {
        Map<String, Long> sums = new TreeMap<>();
        for (Dumped each : leaves) {
            long bytes = Math.min(to, each.to) - Math.max(from, each.from);
            if (bytes > 0) {
                sums.merge(each.type + " by " + each.leaf, bytes, Long::sum);
            }
        }
        return sums;
    }

    private static Map<String, Long> told(JsonNode slot) {
        Map<String, Long> sums = new TreeMap<>();
        for (JsonNode each : slot.get("mapped")) {
            sums.put(
                    each.get("type").asString() + " by " + each.get("leaf").asLong(),
                    each.get("bytes").asLong());
        }
        return sums;
    }
}
