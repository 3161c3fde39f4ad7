package dev.ipanema.vmm.unittest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.vmm.boot.Irqchip;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UnitTestConfigTest {
    private static final Path FOLDER = Path.of("arm");

    @Test
    void sectionBecomesATest() {
        UnitTest test = one("""
            # a comment
            [selftest-setup]
            file = selftest.flat
            smp  = 2
            extra_params = -m 256 -append 'setup smp=2 mem=256'
            groups = selftest quick
            timeout = 10s
            arch = arm64
            """);

        assertThat(test)
                .isEqualTo(new UnitTest(
                        "selftest-setup",
                        FOLDER.resolve("selftest.flat"),
                        2,
                        256 * Sizes.MIB,
                        "setup smp=2 mem=256",
                        Irqchip.GICV3_ITS,
                        java.util.Set.of("selftest", "quick"),
                        10,
                        ""));
    }

    @Test
    void whatIsNotSaidIsTheDefault() {
        UnitTest test = one("[a]\nfile = a.flat\n");

        assertThat(test.cpus()).isEqualTo(1);
        assertThat(test.memory()).isEqualTo(128 * Sizes.MIB);
        assertThat(test.arguments()).isEmpty();
        assertThat(test.timeoutSeconds()).isEqualTo(90);
        assertThat(test.skipReason()).isEmpty();
    }

    @Test
    void valueInThreeQuotesMayHaveSeveralLines() {
        UnitTest test = one("[a]\nfile = a.flat\nextra_params = \"\"\"-append\n'x y'\n-m 64\"\"\"\ngroups = g\n");

        assertThat(test.arguments()).isEqualTo("x y");
        assertThat(test.memory()).isEqualTo(64 * Sizes.MIB);
        assertThat(test.groups()).containsExactly("g");
    }

    @Test
    void argumentsMayStandAlone() {
        assertThat(one("[a]\nfile = a.flat\ntest_args = 'setup smp=$MAX_SMP'\n").arguments())
                .isEqualTo("setup smp=4");
    }

    @ParameterizedTest
    @CsvSource({"7, 7", "$MAX_SMP, 4", "$((($MAX_SMP < 8)?$MAX_SMP:8)), 4", "$(($MAX_SMP * 2 - 1)), 7", "$((9 / 2)), 4"
    })
    void numberOfVcpusMayBeAnExpression(String expression, int expected) {
        assertThat(SmpExpression.evaluate(expression, 4)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "x", "0", "-1", "$((1", "$((1/0))", "1 2", "99999999", "((((((((((((((((((((((((((((((((((1"
            })
    void numberOfVcpusThatIsNoneIsRefused(String expression) {
        assertThatThrownBy(() -> SmpExpression.evaluate(expression, 4))
                .isInstanceOf(BadInput.class)
                .hasMessageStartingWith("smp = ");
    }

    @ParameterizedTest
    @CsvSource({
        "arch = arm, arm only",
        "'accel = tcg', 'tcg only, but the accelerator is kvm'",
        "machine = mps2, 'mps2 only, but the machine is virt'",
        "check = /proc/x=1, /proc/x not equal to 1",
        "extra_params = -device pci-testdev, QEMU's -device has no counterpart here",
        "'extra_params = -machine gic-version=2,secure=on', -machine secure=on has no counterpart here",
        "smp = 999, '999 vCPUs, gicv3-its serves 64'"
    })
    void whatThisMachineLacksIsSkippedWithTheReason(String line, String reason) {
        assertThat(one("[a]\nfile = a.flat\n" + line + "\n").skipReason()).isEqualTo(reason);
    }

    @Test
    void interruptControllerIsAsTheMachineOptionSays() {
        assertThat(one("[a]\nfile = a.flat\nextra_params = -machine gic-version=2 -append 'ipi'\n")
                        .irqchip())
                .isEqualTo(Irqchip.GICV2);
        assertThat(one("[a]\nfile = a.flat\nextra_params = -M virt,gic-version=3\n")
                        .irqchip())
                .isEqualTo(Irqchip.GICV3_ITS);
    }

    @ParameterizedTest
    @CsvSource({
        "'[a]', '[a]: no file ='",
        "'nonsense', 'line 1: ''nonsense'' is neither [test] nor key = value'",
        "'[a]|file = a.flat|timeout = soon', '[a]: timeout = soon is no duration such as 90s'",
        "'[a]|file = a.flat|smp = many', '[a]: smp = many: not a number of vCPUs that is understood'",
        "'[a]|file = x|[a]|file = y', 'line 3: a second test [a]'",
        "'[a]|groups = \"\"\"x', 'line 2: \"\"\" is not closed'"
    })
    void brokenConfigurationIsRefusedWithThePlace(String text, String message) {
        assertThatThrownBy(() -> parse(text.replace('|', '\n')))
                .isInstanceOf(BadInput.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"a 'b c' d|a/b c/d", "\"a 'b'\"|a 'b'", "a\\ b|a b", "''|''"})
    void wordsAreSplitAsByAShell(String text, String expected) {
        assertThat(String.join("/", UnitTestConfig.shellWords(text))).isEqualTo(expected.equals("''") ? "" : expected);
    }

    @Test
    void openQuoteIsRefused() {
        assertThatThrownBy(() -> UnitTestConfig.shellWords("a 'b")).isInstanceOf(BadInput.class);
    }

    private static UnitTest one(String text) {
        List<UnitTest> tests = parse(text);
        assertThat(tests).hasSize(1);
        return tests.getFirst();
    }

    private static List<UnitTest> parse(String text) {
        return UnitTestConfig.parse(text, FOLDER, new UnitTestConfig.Defaults(4, 90));
    }
}
