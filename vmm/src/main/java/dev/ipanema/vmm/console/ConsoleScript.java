package dev.ipanema.vmm.console;

import dev.ipanema.base.text.BadInput;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A conversation with a guest's console: texts that are waited for one after the other, each with an answer or
/// without. What one text was found in is not looked at again for the next.
///
/// [#accept] is called by one thread at a time; [#isDone()] and [#missing()] by any.
public final class ConsoleScript {
    private static final byte[] NOTHING = {};

    private final List<Step> steps;
    private volatile int current;
    private byte[] pattern;
    private int[] borders;
    private int matched;

    /// One step.
    ///
    /// @param expect what is waited for, not empty
    /// @param send what is sent then, null for nothing
    public record Step(String expect, @Nullable String send) {
        public Step {
            if (expect.isEmpty()) {
                throw new BadInput("--expect: an empty text is there before the guest starts");
            }
        }
    }

    /// @param steps in their order; with none of them the script is done at once
    public ConsoleScript(List<Step> steps) {
        this.steps = List.copyOf(steps);
        for (Step step : steps) {
            unescape(step.send());
        }
        pattern = patternOf(0);
        borders = borders(pattern);
    }

    private byte[] patternOf(int step) {
        return step < steps.size() ? steps.get(step).expect().getBytes(StandardCharsets.UTF_8) : NOTHING;
    }

    /// Takes one byte of the guest's output.
    ///
    /// @return what to send to the guest now, empty for nothing
    public byte[] accept(int value) {
        int step = current;
        if (step >= steps.size()) {
            return NOTHING;
        }
        byte next = (byte) value;
        while (matched > 0 && pattern[matched] != next) {
            matched = borders[matched - 1];
        }
        if (pattern[matched] == next) {
            matched++;
        }
        if (matched < pattern.length) {
            return NOTHING;
        }
        byte[] answer = unescape(steps.get(step).send());
        pattern = patternOf(step + 1);
        borders = borders(pattern);
        matched = 0;
        current = step + 1;
        return answer;
    }

    /// {@return whether every text has been seen}
    public boolean isDone() {
        return current >= steps.size();
    }

    /// {@return the text that is being waited for}
    public Optional<String> missing() {
        int step = current;
        return step < steps.size() ? Optional.of(steps.get(step).expect()) : Optional.empty();
    }

    /// The lengths of the longest borders of the pattern's prefixes (Knuth, Morris and Pratt).
    private static int[] borders(byte[] pattern) {
        int[] borders = new int[pattern.length];
        int length = 0;
        for (int i = 1; i < pattern.length; i++) {
            while (length > 0 && pattern[i] != pattern[length]) {
                length = borders[length - 1];
            }
            if (pattern[i] == pattern[length]) {
                length++;
            }
            borders[i] = length;
        }
        return borders;
    }

    /// {@return the bytes of a text in which `\n`, `\r`, `\t`, `\e` (escape), `\\` and `\xHH` are what C takes them
    /// for}
    ///
    /// @throws BadInput for another character behind a backslash
    static byte[] unescape(@Nullable String text) {
        if (text == null) {
            return NOTHING;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int from = 0;
        for (int at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', from)) {
            bytes.writeBytes(text.substring(from, at).getBytes(StandardCharsets.UTF_8));
            char kind = at + 1 < text.length() ? text.charAt(at + 1) : ' ';
            from = at + 2;
            switch (kind) {
                case 'n' -> bytes.write('\n');
                case 'r' -> bytes.write('\r');
                case 't' -> bytes.write('\t');
                case 'e' -> bytes.write(0x1b);
                case '\\' -> bytes.write('\\');
                case 'x' -> {
                    bytes.write(hex(text, from));
                    from += 2;
                }
                default ->
                    throw new BadInput("--send: a backslash stands before n, r, t, e, xHH or a backslash, in '" + text
                            + "' it does not");
            }
        }
        bytes.writeBytes(text.substring(from).getBytes(StandardCharsets.UTF_8));
        return bytes.toByteArray();
    }

    private static int hex(String text, int at) {
        int high = at + 1 < text.length() ? Character.digit(text.charAt(at), 16) : -1;
        int low = at + 1 < text.length() ? Character.digit(text.charAt(at + 1), 16) : -1;
        if (high < 0 || low < 0) {
            throw new BadInput("--send: \\x is followed by two hexadecimal digits, not in '" + text + "'");
        }
        return high << 4 | low;
    }
}
