package dev.ipanema.vmm.unittest;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.vmm.boot.Irqchip;
import dev.ipanema.vmm.boot.VirtMap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// kvm-unit-tests' `unittests.cfg` (its docs/unittests.txt and scripts/common.bash): sections `[name]` of `key =
/// value`, in
/// which `"""` begins and ends a value of several lines. What asks for something that this machine does not have
/// becomes a
/// test that is skipped, with the reason.
public final class UnitTestConfig {
    /// Bytes of RAM without `-m`, QEMU's own default.
    public static final long DEFAULT_MEMORY = 128 * Sizes.MIB;

    private static final Pattern SECTION = Pattern.compile("\\[(.*)]\\s*");
    private static final Pattern FIELD = Pattern.compile("([a-z_]+)\\s*=\\s*(.*)");
    private static final Pattern DURATION = Pattern.compile("(\\d{1,6})([smh]?)");
    private static final String QUOTES = "\"\"\"";
    private static final long MINUTE = 60;

    /// What a configuration does not say.
    ///
    /// @param maxSmp what `$MAX_SMP` is
    /// @param timeoutSeconds of a test without `timeout`
    public record Defaults(int maxSmp, long timeoutSeconds) {}

    private final Path directory;
    private final Defaults defaults;

    private UnitTestConfig(Path directory, Defaults defaults) {
        this.directory = directory;
        this.defaults = defaults;
    }

    /// {@return the tests of a configuration, in its order}
    ///
    /// @param directory that the images' names are relative to
    /// @throws BadInput when the text is no configuration, with the line
    public static List<UnitTest> parse(String text, Path directory, Defaults defaults) {
        UnitTestConfig config = new UnitTestConfig(directory, defaults);
        List<UnitTest> tests = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Map.Entry<String, Map<String, String>> section : sections(text).entrySet()) {
            if (names.add(section.getKey())) {
                tests.add(config.test(section.getKey(), section.getValue()));
            }
        }
        return tests;
    }

    // ---- reading ---------------------------------------------------------------------------------------------------

    private static Map<String, Map<String, String>> sections(String text) {
        Map<String, Map<String, String>> sections = new LinkedHashMap<>();
        Map<String, String> fields = new LinkedHashMap<>();
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            Matcher section = SECTION.matcher(line);
            Matcher field = FIELD.matcher(line);
            if (section.matches()) {
                fields = new LinkedHashMap<>();
                if (sections.put(section.group(1).strip(), fields) != null) {
                    throw new BadInput("line " + (i + 1) + ": a second test [" + section.group(1) + "]");
                }
            } else if (field.matches()) {
                String value = field.group(2).strip();
                if (value.startsWith(QUOTES)) {
                    StringBuilder all = new StringBuilder(value.substring(QUOTES.length()));
                    int start = i;
                    while (all.indexOf(QUOTES) < 0) {
                        if (++i == lines.size()) {
                            throw new BadInput("line " + (start + 1) + ": " + QUOTES + " is not closed");
                        }
                        all.append('\n').append(lines.get(i));
                    }
                    value = all.substring(0, all.indexOf(QUOTES)).strip();
                }
                fields.put(field.group(1), value);
            } else if (!line.isEmpty() && !line.startsWith("#")) {
                throw new BadInput("line " + (i + 1) + ": '" + line + "' is neither [test] nor key = value");
            }
        }
        return sections;
    }

    // ---- meaning ---------------------------------------------------------------------------------------------------

    private UnitTest test(String name, Map<String, String> fields) {
        String file = fields.getOrDefault("file", "");
        if (file.isEmpty()) {
            throw new BadInput("[" + name + "]: no file =");
        }
        Draft draft = new Draft();
        draft.arguments = unquote(fields.getOrDefault("test_args", ""));
        try {
            draft.cpus = SmpExpression.evaluate(fields.getOrDefault("smp", "1"), defaults.maxSmp);
            draft.timeout = duration(fields.getOrDefault("timeout", ""));
            parameters(fields.getOrDefault("extra_params", ""), draft);
            parameters(fields.getOrDefault("qemu_params", ""), draft);
        } catch (BadInput e) {
            throw new BadInput("[" + name + "]: " + e.getMessage());
        }
        requirements(fields, draft);
        return new UnitTest(
                name,
                directory.resolve(file),
                draft.cpus,
                draft.memory,
                substitute(draft.arguments),
                draft.irqchip,
                Set.copyOf(new HashSet<>(words(fields.getOrDefault("groups", "")))),
                draft.timeout,
                draft.skip);
    }

    /// What has been read of a test.
    private static final class Draft {
        int cpus = 1;
        long memory = DEFAULT_MEMORY;
        String arguments = "";
        Irqchip irqchip = Irqchip.GICV3_ITS;
        long timeout;
        String skip = "";

        void skip(String reason) {
            skip = skip.isEmpty() ? reason : skip;
        }
    }

    private void requirements(Map<String, String> fields, Draft draft) {
        String arch = fields.getOrDefault("arch", "arm64");
        if (!arch.equals("arm64") && !arch.isEmpty()) {
            draft.skip(arch + " only");
        }
        String accel = fields.getOrDefault("accel", "kvm");
        if (!accel.equals("kvm") && !accel.isEmpty()) {
            draft.skip(accel + " only, but the accelerator is kvm");
        }
        String machine = fields.getOrDefault("machine", "virt");
        if (!machine.equals("virt") && !machine.isEmpty()) {
            draft.skip(machine + " only, but the machine is virt");
        }
        // The files are of the host that runs KVM; the simulated one has none.
        for (String check : words(fields.getOrDefault("check", ""))) {
            draft.skip(check.replaceFirst("=.*", "") + " not equal to " + check.replaceFirst("[^=]*=?", ""));
        }
        if (fields.containsKey("disabled_if")) {
            draft.skip("disabled_if = " + fields.get("disabled_if") + " is a shell's expression");
        }
        if (draft.cpus > draft.irqchip.maxCpus()) {
            draft.skip(draft.cpus + " vCPUs, " + draft.irqchip.word() + " serves " + draft.irqchip.maxCpus());
        }
    }

    /// Takes QEMU's options and their values, as far as they mean something here.
    private static void parameters(String text, Draft draft) {
        List<String> words = shellWords(text);
        for (int i = 0; i < words.size(); i += 2) {
            String option = words.get(i).replaceFirst("^--", "-");
            String value = i + 1 < words.size() ? words.get(i + 1) : "";
            switch (option) {
                case "-append" -> draft.arguments = value;
                case "-m" -> draft.memory = memory(value, draft);
                case "-machine", "-M" -> machine(value, draft);
                default -> draft.skip("QEMU's " + words.get(i) + " has no counterpart here");
            }
        }
    }

    private static long memory(String value, Draft draft) {
        String plain = value.replaceFirst("^size=", "");
        long size = Sizes.parse("-m", plain.matches("\\d+") ? plain + "M" : plain);
        if (size < Sizes.MIB || size > VirtMap.MAX_RAM) {
            draft.skip("-m " + value + " is not between 1M and " + Sizes.format(VirtMap.MAX_RAM));
            return DEFAULT_MEMORY;
        }
        return size;
    }

    private static void machine(String value, Draft draft) {
        for (String property : value.split(",", -1)) {
            switch (property) {
                case "virt", "type=virt", "gic-version=3", "gic-version=max", "gic-version=host" -> {}
                case "gic-version=2" -> draft.irqchip = Irqchip.GICV2;
                default -> draft.skip("-machine " + property + " has no counterpart here");
            }
        }
    }

    private long duration(String text) {
        if (text.isEmpty()) {
            return defaults.timeoutSeconds;
        }
        Matcher matcher = DURATION.matcher(text);
        if (!matcher.matches()) {
            throw new BadInput("timeout = " + text + " is no duration such as 90s");
        }
        long unit = switch (matcher.group(2)) {
            case "m" -> MINUTE;
            case "h" -> MINUTE * MINUTE;
            default -> 1;
        };
        return Long.parseLong(matcher.group(1)) * unit;
    }

    private String substitute(String text) {
        return text.replaceAll("\\$\\{?MAX_SMP}?", Integer.toString(defaults.maxSmp));
    }

    private static String unquote(String text) {
        return String.join(" ", shellWords(text));
    }

    private static List<String> words(String text) {
        return Arrays.stream(text.split("\\s+", -1))
                .filter(word -> !word.isEmpty())
                .toList();
    }

    /// Splits as a shell does: quotes of both kinds, and backslashes.
    static List<String> shellWords(String text) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean open = false;
        char quote = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && quote != '\'' && i + 1 < text.length()) {
                word.append(text.charAt(++i));
                open = true;
            } else if (quote != 0 && c == quote) {
                quote = 0;
            } else if (quote == 0 && (c == '\'' || c == '"')) {
                quote = c;
                open = true;
            } else if (quote == 0 && Character.isWhitespace(c)) {
                if (open) {
                    words.add(word.toString());
                    word.setLength(0);
                    open = false;
                }
            } else {
                word.append(c);
                open = true;
            }
        }
        if (quote != 0) {
            throw new BadInput("'" + text + "' has an open quote");
        }
        if (open) {
            words.add(word.toString());
        }
        return words;
    }
}
