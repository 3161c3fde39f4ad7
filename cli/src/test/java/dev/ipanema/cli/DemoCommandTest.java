package dev.ipanema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `ipanema demo`: what the command lines of `docs/demo.md` end with.
@Timeout(120)
class DemoCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int ipanema(String line) {
        return Main.run(line.strip().split(" +", -1), new PrintWriter(out, true), new PrintWriter(err, true));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "leak                                                       | 0 | tenant B reads zeroes",
                "leak --policy linux-6.16                                   | 1 | tenant B reads tenant A's secret",
                "leak --policy linux-6.16 --caches modelled,policy=eager    | 0 | hides it",
                "leak --policy linux-6.16 --caches off                      | 0 | Caches are not modelled",
                "leak --policy series-v7/2                                  | 0 | the VM_PFNMAP VMA is cacheable",
                "leak --policy series-v7/4                                  | 0 | tenant B reads zeroes",
                "leak --policy series-v7/4 --host altra                     | 0 | refuses the slot",
                "alias                                                      | 0 | FEAT_S2FWB made both aliases Normal-WB",
                "alias --host altra                                         | 1 | mismatched-alias: pe 0, PC 0x",
                "bootloader                                                 | 0 | with FEAT_S2FWB",
                "bootloader --host altra                                    | 1 | the OLD payload runs",
                "jit                                                        | 0 | the CPU asks for barriers only",
                "jit --host altra                                           | 1 | stale-fetch: pe 0, PC 0x",
                "jit --cpu cortex-a76-idc                                   | 1 | (lacks DC CVAU, IC IVAU): the OLD code ran",
                "dma                                                        | 1 | dma-stale: device",
                "virtio                                                     | 0 | FEAT_S2FWB made the rings Normal-WB",
                "virtio --host altra                                        | 1 | 0 of 2 requests are answered",
                "maintenance                                                | 0 | altra with neoverse-n1 (FWB 0, DIC 0",
                "maintenance --skip map                                     | 1 | KVM did not clean and invalidate",
                "maintenance --skip exec                                    | 1 | stale-fetch: pe 0, PC 0x",
                "maintenance --skip set-way                                 | 1 | (kvm_set_way_flush)",
                "maintenance --skip toggle                                  | 1 | (kvm_toggle_cache)",
                "maintenance --skip reinit                                  | 1 | (kvm_arch_vcpu_ioctl_vcpu_init)",
                "maintenance --skip unmap                                   | 1 | stale-read: vmm",
                "maintenance --skip dirty-log                               | 1 | (kvm_s2_fault_map)",
                "maintenance --skip map,exec --host gb200                   | 0 | with FEAT_S2FWB KVM has nothing to do",
                "maintenance --skip toggle --caches modelled                | 0 | other hardware may do otherwise"
            })
    void aDemonstrationEndsWith(String arguments, int code, String text) {
        assertThat(ipanema("demo " + arguments)).as(err.toString()).isEqualTo(code);

        assertThat(out.toString()).contains(text);
    }

    @Test
    void withoutANameTheyAreListed() {
        assertThat(ipanema("demo")).isZero();

        assertThat(out.toString().lines().map(line -> line.split(" ", 2)[0]))
                .containsExactly("leak", "alias", "bootloader", "jit", "virtio", "dma", "maintenance");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "demo nothing",
                "demo leak --caches modelled,policy=never",
                "demo leak --host mars",
                "demo leak --policy linux-1.0",
                "demo leak jit",
                "demo leak --skip map",
                "demo maintenance --skip flush",
                "demo maintenance --skip",
                "demo leak --cpu none"
            })
    void whatIsWrongIsSaidInOneLine(String line) {
        assertThat(ipanema(line)).isEqualTo(2);

        assertThat(err.toString().lines()).singleElement().asString().startsWith("ipanema: ");
        assertThat(out.toString()).isEmpty();
    }

    /// The series as posted refuses every fault on memory that is mapped cacheable, on such a host.
    @Test
    void aGuestThatKvmDoesNotRunIsAFinding() {
        assertThat(ipanema("demo jit --host altra --policy series-v7/4")).isEqualTo(1);

        assertThat(err.toString()).startsWith("ipanema: KVM_RUN returned -EINVAL");
    }

    @Test
    void jsonHoldsTheSame() {
        assertThat(ipanema("demo leak --policy linux-6.16 --json")).isEqualTo(1);

        JsonNode report = JsonMapper.shared().readTree(out.toString());
        assertThat(report.get("schema").intValue()).isEqualTo(1);
        assertThat(report.get("defect").intValue()).isEqualTo(1);
        assertThat(report.get("caches").stringValue()).isEqualTo("lazy");
        JsonNode part = report.get("parts").get(0);
        assertThat(part.get("steps").get(3).get("seen").stringValue()).contains("Tenant A's secret");
        assertThat(part.get("coherence").get("kinds").get("stale-read").intValue())
                .isEqualTo(4);
        assertThat(part.get("coherence")
                        .get("findings")
                        .get(0)
                        .get("again")
                        .get("command")
                        .stringValue())
                .isEqualTo("./ipanema demo leak --policy linux-6.16 --json");
    }
}
