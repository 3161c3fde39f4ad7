package dev.ipanema.machine.cache;

import dev.ipanema.machine.cache.LineOracle.Possible;
import dev.ipanema.machine.cache.LineOracle.View;
import java.util.SplittableRandom;
import java.util.StringJoiner;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// What the architecture allows all lines of a program to be, step by step. Lines do not depend on each other, so
/// each has its own set.
final class CacheOracle {
    private final Possible[] lines = new Possible[Cells.LINES];
    private final boolean mapMemory;
    private final boolean fillsUsedPages;
    private int mostAllowed;

    CacheOracle(LineOracle oracle, boolean mapMemory) {
        this(oracle, mapMemory, true);
    }

    /// @param fillsUsedPages whether a cacheable access lets hardware fill all lines of its page, as the architecture
    ///     has it; else only its own, and not if it is a fetch or a write-through store
    CacheOracle(LineOracle oracle, boolean mapMemory, boolean fillsUsedPages) {
        this.mapMemory = mapMemory;
        this.fillsUsedPages = fillsUsedPages;
        for (int line = 0; line < lines.length; line++) {
            lines[line] = oracle.reset(mapMemory);
        }
    }

    private int allowed(View view, int cell) {
        return lines[cell / LineState.CELLS].allowed(view, cell % LineState.CELLS);
    }

    /// {@return the most values that were allowed of a cell when it was read; 0 when none was}
    int mostAllowed() {
        return mostAllowed;
    }

    /// Follows a step.
    ///
    /// @param seen the values that it read, one for each cell
    /// @param hasEntry whether a cacheable TLB entry of a line's page exists after the step
    /// @return what is wrong with them, or null
    @Nullable
    String follow(Step step, int[] seen, IntPredicate hasEntry) {
        if (step.kind() == Step.Kind.MAINTAIN || step.kind() == Step.Kind.POWER_LOSS) {
            for (int line = step.line(); line < step.line() + step.lines(); line++) {
                maintain(step, line, hasEntry.test(line));
            }
            return null;
        }
        if (step.via().view == View.COHERENT) {
            useTranslation(step);
        }
        View view = viewOf(step);
        for (int i = 0; i < step.cells(); i++) {
            int cell = step.cell() + i;
            if (step.reads()) {
                String wrong = see(view, cell, seen[i]);
                if (wrong != null) {
                    return wrong;
                }
            }
            boolean stores = !step.reads() || step.kind() == Step.Kind.CAS && seen[i] == step.expected();
            if (stores) {
                store(step.via(), cell, step.kind() == Step.Kind.ZERO ? 0 : step.value());
            }
        }
        return null;
    }

    /// Follows a step by itself: each read gives an allowed value.
    void choose(Step step, SplittableRandom random) {
        int[] seen = new int[step.cells()];
        for (int i = 0; i < seen.length && step.reads(); i++) {
            int cell = step.cell() + i;
            int allowed = allowed(viewOf(step), cell);
            int skip = random.nextInt(Integer.bitCount(allowed));
            for (; skip > 0; skip--) {
                allowed &= allowed - 1;
            }
            seen[i] = Integer.numberOfTrailingZeros(allowed);
            see(viewOf(step), cell, seen[i]);
        }
        follow(step, seen, line -> false);
    }

    private static View viewOf(Step step) {
        return step.kind() == Step.Kind.FETCH && step.via().view == View.COHERENT ? View.UNIFIED : step.via().view;
    }

    /// A cacheable translation of a page lets hardware fill every line of it.
    private void useTranslation(Step step) {
        if (!fillsUsedPages && (step.kind() == Step.Kind.FETCH || step.via() == Step.Via.WT && !step.reads())) {
            return;
        }
        int first = step.line();
        int last = first + step.lines() - 1;
        for (int line = 0; line < lines.length; line++) {
            boolean used = fillsUsedPages
                    ? Cells.page(line) >= Cells.page(first) && Cells.page(line) <= Cells.page(last)
                    : line >= first && line <= last;
            if (used) {
                lines[line] = lines[line].fillable(true);
            }
        }
    }

    private @Nullable String see(View view, int cell, int value) {
        Possible line = lines[cell / LineState.CELLS];
        int within = cell % LineState.CELLS;
        int allowed = line.allowed(view, within);
        mostAllowed = Math.max(mostAllowed, Integer.bitCount(allowed));
        if (value == Cells.TORN || (allowed & 1 << value) == 0) {
            return "cell " + cell + " gave " + (value == Cells.TORN ? "a mix of values" : value) + ", allowed are "
                    + set(allowed) + " (" + view + ")";
        }
        lines[cell / LineState.CELLS] = line.seen(view, within, value);
        return null;
    }

    /// {@return a set of values for people}
    static String set(int mask) {
        StringJoiner text = new StringJoiner(", ", "{", "}");
        for (int value = 0; value < LineOracle.VALUES; value++) {
            if ((mask & 1 << value) != 0) {
                text.add(Integer.toString(value));
            }
        }
        return text.toString();
    }

    private void store(Step.Via via, int cell, int value) {
        Possible line = lines[cell / LineState.CELLS];
        int within = cell % LineState.CELLS;
        lines[cell / LineState.CELLS] = switch (via) {
            case WB -> line.store(within, value);
            case WT -> line.storeThrough(within, value);
            case NC, DEVICE -> line.storeToMemory(within, value);
        };
    }

    private void maintain(Step step, int line, boolean hasEntry) {
        Possible before = lines[line];
        if (step.kind() == Step.Kind.POWER_LOSS) {
            lines[line] = before.invalidate(); // what could fill it still can
            return;
        }
        lines[line] = switch (step.operation()) {
            case DC_CLEAN_POU -> before.cleanToPou();
            case DC_CLEAN_POC -> before.cleanToPoc();
            case DC_INVAL_POC -> before.fillable(false).invalidate().fillable(mapMemory || hasEntry);
            case DC_CLEAN_INVAL_POC ->
                before.fillable(false).cleanAndInvalidate().fillable(mapMemory || hasEntry);
            case IC_INVAL_POU, IC_INVAL_ALL_POU, IC_INVAL_ALL_POU_IS -> before;
        };
    }
}
