package dev.ipanema.differential;

import dev.ipanema.arm.a64.Disassembler;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Tells a difference to a reader: the instructions, the registers they name and those that differ.
final class Report {
    private static final Pattern GENERAL = Pattern.compile("\\b[xw](\\d+)\\b");
    private static final Pattern SIMD = Pattern.compile("\\b[vqdshb](\\d+)\\b");
    private static final int BYTES_PER_LINE = 16;

    private Report() {}

    static String of(Comparison.Difference difference) {
        Sequence sequence = difference.sequence();
        State before = sequence.startIn(difference.slot());
        State ours = difference.ours();
        State theirs = difference.theirs();
        List<String> lines = new ArrayList<>();
        TreeSet<Integer> general = new TreeSet<>();
        TreeSet<Integer> simd = new TreeSet<>();
        long pc = Layout.start(difference.slot(), sequence.words().length);
        for (int i = 0; i < sequence.words().length; i++) {
            int word = sequence.words()[i];
            String text = Disassembler.disassemble(word, pc + 4L * i);
            lines.add("  %08x  %-40s %s".formatted(word, text, sequence.rows().get(i)));
            numbers(GENERAL, text, general, 30);
            numbers(SIMD, text, simd, 31);
        }
        lines.add("  %-6s %-34s %-34s %s".formatted("", "before", "ours", "theirs"));
        for (int n = 0; n < 31; n++) {
            if (general.contains(n) || ours.x[n] != theirs.x[n]) {
                line(lines, "X" + n, hex(before.x[n]), hex(ours.x[n]), hex(theirs.x[n]));
            }
        }
        if (ours.sp != theirs.sp) {
            line(lines, "SP", hex(before.sp), hex(ours.sp), hex(theirs.sp));
        }
        for (int n = 0; n < 32; n++) {
            boolean differs = ours.v[2 * n] != theirs.v[2 * n] || ours.v[2 * n + 1] != theirs.v[2 * n + 1];
            if (simd.contains(n) || differs) {
                line(lines, "V" + n, vector(before, n), vector(ours, n), vector(theirs, n));
            }
        }
        line(lines, "NZCV", nzcv(before), nzcv(ours), nzcv(theirs));
        line(lines, "FPCR", word(before.fpcr), word(ours.fpcr), word(theirs.fpcr));
        line(lines, "FPSR", word(before.fpsr), word(ours.fpsr), word(theirs.fpsr));
        if (ours.signal != 0 || theirs.signal != 0) {
            line(lines, "signal", "", ours.signal + " at " + word(ours.pc), theirs.signal + " at " + word(theirs.pc));
        }
        window(lines, before, ours, theirs);
        return String.join(System.lineSeparator(), lines);
    }

    private static void line(List<String> lines, String name, String before, String ours, String theirs) {
        lines.add("%s %-6s %-34s %-34s %s"
                .formatted(ours.equals(theirs) ? " " : "*", name, before, ours, ours.equals(theirs) ? "=" : theirs));
    }

    private static void numbers(Pattern pattern, String text, TreeSet<Integer> found, int max) {
        Matcher matcher = pattern.matcher(text);
        while (matcher.find()) {
            int number = Integer.parseInt(matcher.group(1));
            if (number <= max) {
                found.add(number);
            }
        }
    }

    private static void window(List<String> lines, State before, State ours, State theirs) {
        for (int at = 0; at < Layout.WINDOW_BYTES; at += BYTES_PER_LINE) {
            String first = bytes(before, at);
            String second = bytes(ours, at);
            String third = bytes(theirs, at);
            if (!second.equals(third) || !first.equals(second)) {
                line(lines, "+%x".formatted(at), first, second, third);
            }
        }
    }

    private static String bytes(State state, int at) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < BYTES_PER_LINE; i++) {
            text.append("%02x".formatted(state.window[at + i]));
        }
        return text.toString();
    }

    private static String hex(long value) {
        return "%016x".formatted(value);
    }

    private static String word(long value) {
        return "%08x".formatted(value);
    }

    private static String vector(State state, int n) {
        return hex(state.v[2 * n + 1]) + "_" + hex(state.v[2 * n]);
    }

    private static String nzcv(State state) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 4; i++) {
            char flag = "NZCV".charAt(i);
            text.append((state.nzcv >>> 31 - i & 1) != 0 ? flag : Character.toLowerCase(flag));
        }
        return text.toString();
    }
}
