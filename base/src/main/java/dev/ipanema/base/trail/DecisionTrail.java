package dev.ipanema.base.trail;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// The chain of facts that led to one decision: what was consulted, which rule applied, what came out, and where
/// the rule is written. `explain`, reports and tests read this one object; nothing else explains a decision.
///
/// A trail is written by one thread. [#off()] records nothing and costs a virtual call; the fault path takes that one
/// unless somebody asked.
public class DecisionTrail {
    private static final DecisionTrail OFF = new DecisionTrail() {
        @Override
        public boolean enabled() {
            return false;
        }

        @Override
        void add(Step step) {}
    };

    private final List<Step> steps = new ArrayList<>();

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

    /// {@return whether anything is recorded; a caller that must format a value tests this first}
    public boolean enabled() {
        return true;
    }

    /// Records a fact that was looked up.
    public final void fact(String subject, Object value, String source) {
        if (enabled()) {
            add(new Step(Kind.FACT, subject, String.valueOf(value), source));
        }
    }

    /// Records a rule that was applied.
    public final void rule(String subject, String value, String source) {
        if (enabled()) {
            add(new Step(Kind.RULE, subject, value, source));
        }
    }

    /// Records what came of it.
    public final void outcome(String subject, Object value, String source) {
        if (enabled()) {
            add(new Step(Kind.OUTCOME, subject, String.valueOf(value), source));
        }
    }

    void add(Step step) {
        steps.add(step);
    }

    /// {@return the steps so far, oldest first, unmodifiable}
    public List<Step> steps() {
        return Collections.unmodifiableList(steps);
    }

    /// Forgets all steps.
    public void clear() {
        steps.clear();
    }

    /// {@return one line a step}
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Step step : steps) {
            text.append(step).append('\n');
        }
        return text.toString();
    }
}
