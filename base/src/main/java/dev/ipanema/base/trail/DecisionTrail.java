package dev.ipanema.base.trail;

import dev.ipanema.base.text.Sizes;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The chain of facts that led to one decision: what was consulted, which rule applied, what came out, and where
/// the rule is written. `explain`, reports and tests read this one object; nothing else explains a decision.
///
/// Every abort of a guest writes a trail and hardly any is read, so writing is cheap: a value is kept as it is, or as
/// the numbers that it is made of, and becomes text when somebody reads the trail. A value that is an object must
/// therefore not change any more.
///
/// A trail is written by one thread. [#off()] records nothing and costs a virtual call.
public class DecisionTrail {
    /// A number that is an address: `0x…`.
    public static final Form HEX = (value, none) -> Sizes.hex(value);

    private static final int FIRST_STEPS = 32;

    private static final DecisionTrail OFF = new DecisionTrail() {
        @Override
        public boolean enabled() {
            return false;
        }

        @Override
        public void clear() {}
    };

    // Step i: kinds[i], numbers[2i] and [2i + 1], and of objects subject, value and source from 3i on. A value that is
    // a Form is the form of the numbers.
    private static final int NUMBERS = 2;
    private static final int OBJECTS = 3;
    private static final int SUBJECT = 0;
    private static final int VALUE = 1;
    private static final int SOURCE = 2;
    private Kind[] kinds = {};
    private long[] numbers = {};
    private @Nullable Object[] objects = {};
    private int size;

    /// How a value that was recorded as one or two numbers reads.
    @FunctionalInterface
    public interface Form {
        /// {@return the value in words}
        String text(long first, long second);
    }

    /// What a step of a trail is.
    public enum Kind {
        /// A fact that was looked up, for example `vma.vm_page_prot = MT_NORMAL`.
        FACT,
        /// A rule that was applied to the facts.
        RULE,
        /// What came of it: a mapping, an exit, an errno.
        OUTCOME
    }

    /// One step.
    ///
    /// @param subject what was looked at or decided, in the kernel's names where it has one
    /// @param value what it was
    /// @param source kernel file and function, Arm ARM section or message id; empty when the subject says it all
    public record Step(Kind kind, String subject, String value, String source) {
        @Override
        public String toString() {
            String text = switch (kind) {
                case FACT -> subject + " = " + value;
                case RULE -> subject + ": " + value;
                case OUTCOME -> "=> " + subject + ": " + value;
            };
            return source.isEmpty() ? text : text + "  [" + source + "]";
        }
    }

    /// {@return a trail that records nothing}
    public static DecisionTrail off() {
        return OFF;
    }

    /// {@return whether anything is recorded; a caller that must compute a value tests this first}
    public boolean enabled() {
        return true;
    }

    /// Records a fact that was looked up.
    ///
    /// @param value does not change any more
    public final void fact(String subject, @Nullable Object value, String source) {
        add(Kind.FACT, subject, value, 0, 0, source);
    }

    /// Records a fact that was looked up, made of one number.
    public final void fact(String subject, Form form, long value, String source) {
        add(Kind.FACT, subject, form, value, 0, source);
    }

    /// Records a fact that was looked up, made of two numbers.
    public final void fact(String subject, Form form, long first, long second, String source) {
        add(Kind.FACT, subject, form, first, second, source);
    }

    /// Records a rule that was applied.
    public final void rule(String subject, String value, String source) {
        add(Kind.RULE, subject, value, 0, 0, source);
    }

    /// Records a rule that was applied, with a result that is made of one number.
    public final void rule(String subject, Form form, long value, String source) {
        add(Kind.RULE, subject, form, value, 0, source);
    }

    /// Records what came of it.
    ///
    /// @param value does not change any more
    public final void outcome(String subject, @Nullable Object value, String source) {
        add(Kind.OUTCOME, subject, value, 0, 0, source);
    }

    /// Records what came of it, made of two numbers.
    public final void outcome(String subject, Form form, long first, long second, String source) {
        add(Kind.OUTCOME, subject, form, first, second, source);
    }

    private void add(Kind kind, String subject, @Nullable Object value, long first, long second, String source) {
        if (!enabled()) {
            return;
        }
        int step = size;
        if (step == kinds.length) {
            grow();
        }
        kinds[step] = kind;
        numbers[NUMBERS * step] = first;
        numbers[NUMBERS * step + 1] = second;
        objects[OBJECTS * step + SUBJECT] = subject;
        objects[OBJECTS * step + VALUE] = value;
        objects[OBJECTS * step + SOURCE] = source;
        size = step + 1;
    }

    private void grow() {
        int steps = Math.max(FIRST_STEPS, 2 * kinds.length);
        kinds = Arrays.copyOf(kinds, steps);
        numbers = Arrays.copyOf(numbers, NUMBERS * steps);
        objects = Arrays.copyOf(objects, OBJECTS * steps);
    }

    /// {@return how many steps there are}
    public int size() {
        return size;
    }

    /// {@return the steps so far, oldest first, unmodifiable; a step is put into words when it is asked for}
    public List<Step> steps() {
        return new Steps();
    }

    private final class Steps extends AbstractList<Step> {
        @Override
        public Step get(int index) {
            return step(Objects.checkIndex(index, size));
        }

        @Override
        public int size() {
            return size;
        }
    }

    private Step step(int step) {
        Object value = objects[OBJECTS * step + VALUE];
        String text = value instanceof Form form
                ? form.text(numbers[NUMBERS * step], numbers[NUMBERS * step + 1])
                : String.valueOf(value);
        return new Step(kinds[step], (String) Objects.requireNonNull(objects[OBJECTS * step + SUBJECT]), text, (String)
                Objects.requireNonNull(objects[OBJECTS * step + SOURCE]));
    }

    /// Forgets all steps.
    public void clear() {
        size = 0;
    }

    /// {@return one line a step}
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int step = 0; step < size; step++) {
            text.append(step(step)).append('\n');
        }
        return text.toString();
    }
}
