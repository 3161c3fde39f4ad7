package dev.ipanema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.cache.Alias;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.cache.CachePolicy;
import dev.ipanema.machine.cache.Finding;
import dev.ipanema.machine.cache.FindingKind;
import dev.ipanema.machine.cache.Missing;
import dev.ipanema.machine.cache.Tracked;
import dev.ipanema.machine.cache.Writer;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.vmm.coherence.CoherenceReport;
import dev.ipanema.vmm.coherence.NamedFinding;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/// Findings as text and as JSON: every field.
class CoherenceReportTest {
    private static final NamedFinding FULL = new NamedFinding(
            new Finding(
                    FindingKind.STALE_READ,
                    Agent.PE,
                    1,
                    0xffff800080010abcL,
                    0xffff000000001040L,
                    0x40001040L,
                    0x80001040L,
                    4,
                    "00 00 00 00",
                    "41 42 43 44",
                    new Alias("PE", 0xffff000000001040L, MemoryAttributes.NORMAL_NC, false),
                    new Alias("HOST_KERNEL", 0, MemoryAttributes.NORMAL_WB, true),
                    new Writer(Agent.PE, 0, 0xffff800080020000L, false),
                    Missing.CLEAN_TO_POC),
            17,
            "",
            "memcpy+0x1c",
            "strcpy+0x0");
    private static final NamedFinding BARE = new NamedFinding(
            new Finding(
                    FindingKind.DMA_STALE,
                    Agent.DEVICE,
                    -1,
                    0,
                    0,
                    0,
                    0x80002000L,
                    1,
                    "7f",
                    "",
                    new Alias("DEVICE", 0, null, false),
                    new Alias("VMM", 0, null, true),
                    null,
                    Missing.CLEAN_TO_POC),
            1,
            "a-test",
            "",
            "");
    private static final CacheOptions OPTIONS = new CacheOptions(CachePolicy.RANDOM, 7, Tracked.DEVICE, true);
    private static final Again SAME = Again.same(List.of("run", "a file", "--send", "it's"));

    @Test
    void jsonHasEveryField() {
        CoherenceReport report = new CoherenceReport(OPTIONS, 20, List.of(FULL, BARE));

        String text = new CoherenceJson(report, named -> SAME).text();

        assertThat(new JsonMapper().readTree(text)).isEqualTo(new JsonMapper().readTree("""
                {"schema": 1,
                 "options": {"policy": "random", "seed": 7, "track": "device", "precise": 1},
                 "total": 20, "unlisted": 2,
                 "kinds": {"stale-read": 17, "lost-write": 0, "stale-fetch": 0, "mismatched-alias": 0,
                           "exclusive-on-nc": 0, "dma-stale": 1},
                 "findings": [
                  {"kind": "stale-read", "count": 17, "subject": "", "agent": "pe", "pe": 1,
                   "pc": "0xffff800080010abc", "symbol": "memcpy+0x1c",
                   "va": "0xffff000000001040", "ipa": "0x40001040", "pa": "0x80001040",
                   "bytes": 4, "seen": "00 00 00 00", "other": "41 42 43 44",
                   "here": {"agent": "pe", "va": "0xffff000000001040", "type": "Normal-NC OSH", "cacheable": 0},
                   "there": {"agent": "host-kernel", "va": null, "type": "Normal-WB RWA ISH", "cacheable": 1},
                   "writer": {"agent": "pe", "pe": 0, "pc": "0xffff800080020000", "symbol": "strcpy+0x0",
                              "exact": 0},
                   "missing": {"what": "clean-to-poc",
                               "text": "DC CVAC or CIVAC by the writer after its store, then DSB"},
                   "again": {"command": "./ipanema run 'a file' --send 'it'\\\\''s'", "same": 1}},
                  {"kind": "dma-stale", "count": 1, "subject": "a-test", "agent": "device", "pe": -1,
                   "pc": null, "symbol": "", "va": null, "ipa": null, "pa": "0x80002000",
                   "bytes": 1, "seen": "7f", "other": "",
                   "here": {"agent": "device", "va": null, "type": null, "cacheable": 0},
                   "there": {"agent": "vmm", "va": null, "type": null, "cacheable": 1},
                   "writer": null,
                   "missing": {"what": "clean-to-poc",
                               "text": "DC CVAC or CIVAC by the writer after its store, then DSB"},
                   "again": {"command": "./ipanema run 'a file' --send 'it'\\\\''s'", "same": 1}}
                 ]}
                """));
    }

    @Test
    void textHasEveryField() {
        CoherenceReport report = new CoherenceReport(OPTIONS, 20, List.of(FULL, BARE));
        Again made = Again.made(List.of("run", "K"), List.of("--deterministic"));

        assertThat(text(report, made)).isEqualTo("""
                ipanema: caches modelled, policy random:7: 20 findings in 2 places: stale-read 17, dma-stale 1
                stale-read: pe 1, PC 0xffff800080010abc (memcpy+0x1c), 17 times
                    at    VA 0xffff000000001040, IPA 0x40001040, PA 0x80001040, 4 bytes
                    here  00 00 00 00  pe VA 0xffff000000001040 Normal-NC OSH, past the caches
                    there 41 42 43 44  host-kernel Normal-WB RWA ISH, by the caches
                    stored by pe 0, PC 0xffff800080020000 (strcpy+0x0), the first store of the epoch
                    missing: DC CVAC or CIVAC by the writer after its store, then DSB
                    again: ./ipanema run --deterministic K (this run was not deterministic; the command is, and may \
                take another course)
                a-test: dma-stale: device
                    at    PA 0x80002000, 1 byte
                    here  7f  device, past the caches
                    there vmm, by the caches
                    missing: DC CVAC or CIVAC by the writer after its store, then DSB
                    again: ./ipanema run --deterministic K (this run was not deterministic; the command is, and may \
                take another course)
                ipanema: 2 findings in further places, counted only
                """);
    }

    @Test
    void nothingFoundIsOneLine() {
        assertThat(text(CoherenceReport.none(CacheOptions.DEFAULT), SAME))
                .isEqualTo("ipanema: caches modelled, policy lazy: no findings\n");
    }

    @Test
    void onlySomeOfManyAreShown() {
        List<NamedFinding> many = new ArrayList<>();
        for (int i = 0; i < CoherenceText.MAX_SHOWN + 3; i++) {
            many.add(BARE);
        }

        String text = text(new CoherenceReport(OPTIONS, many.size(), many), SAME);

        assertThat(text.split("dma-stale: ", -1)).hasSize(CoherenceText.MAX_SHOWN + 1);
        assertThat(text).endsWith("ipanema: 3 places more, all in the file of --coherence FILE\n");
    }

    private static String text(CoherenceReport report, Again again) {
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        CoherenceText.write(out, report, named -> again);
        out.flush();
        return text.toString();
    }
}
