package dev.ipanema.machine.cache;

import dev.ipanema.machine.cache.GuestCampaignTest.GuestStep;
import dev.ipanema.machine.cache.GuestRig.Program;
import dev.ipanema.machine.cache.LineOracle.Possible;
import dev.ipanema.machine.cache.LineOracle.View;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What the architecture allows the cells of [GuestRig] to be, and what the instruction cache of each element
/// may hold: every value that fetches of the same type could see since it was last invalidated. Where
/// `CTR_EL0.DIC` is 1, a store to the cell and maintenance of the line invalidate it, too; a line that hardware
/// writes back by itself does not.
///
/// Every page has a cacheable translation at all times, so every line may be filled.
final class GuestOracle {
    private static final int CELLS = GuestRig.LINES * LineState.CELLS;

    private static final Set<Program> CLEANS =
            EnumSet.of(Program.DC_CVAC, Program.DC_CVAU, Program.DC_CIVAC, Program.DC_IVAC);

    private final boolean dic;
    private final Possible[] lines = new Possible[GuestRig.LINES];

    /// By element, view and cell.
    private final int[][][] fetched = new int[GuestRig.ELEMENTS][View.values().length][CELLS];

    GuestOracle(LineOracle oracle, boolean dic) {
        this.dic = dic;
        for (int line = 0; line < lines.length; line++) {
            lines[line] = oracle.reset(true);
        }
        prefetch();
    }

    private int allowed(View view, int cell) {
        return lines[cell / LineState.CELLS].allowed(view, cell % LineState.CELLS);
    }

    /// An instruction may be fetched at any time, long before it is executed.
    private void prefetch() {
        for (int[][] element : fetched) {
            for (int cell = 0; cell < CELLS; cell++) {
                element[View.UNIFIED.ordinal()][cell] |= allowed(View.UNIFIED, cell);
                element[View.MEMORY.ordinal()][cell] |= allowed(View.MEMORY, cell);
            }
        }
    }

    private static void forget(int[][] element, int from, int to) {
        for (int[] view : element) {
            Arrays.fill(view, from, to, 0);
        }
    }

    private void forgetLine(int line) {
        for (int[][] element : fetched) {
            forget(element, line * LineState.CELLS, (line + 1) * LineState.CELLS);
        }
    }

    /// Follows a step.
    ///
    /// @param result what it read or returned
    /// @return what is wrong with that, or null
    @Nullable
    String follow(GuestStep step, int result) {
        int line = step.cell() / LineState.CELLS;
        int within = step.cell() % LineState.CELLS;
        Possible before = lines[line];
        switch (step.program()) {
            case LOAD -> {
                String wrong = see(step.via().view, step.cell(), result);
                if (wrong != null) {
                    return wrong;
                }
            }
            case CALL -> {
                String wrong = execute(step, result);
                if (wrong != null) {
                    return wrong;
                }
            }
            case STORE ->
                lines[line] = switch (step.via()) {
                    case WB -> before.store(within, step.value());
                    case WT -> before.storeThrough(within, step.value());
                    case NC, DEVICE -> before.storeToMemory(within, step.value());
                };
            case TLBI -> {}
            case DC_CVAC -> lines[line] = before.cleanToPoc();
            case DC_CVAU -> lines[line] = before.cleanToPou();
            case DC_CIVAC -> lines[line] = before.cleanAndInvalidate();
            case DC_IVAC -> lines[line] = before.invalidate();
            case IC_IVAU -> forgetLine(line);
            case IC_IALLU -> forget(fetched[step.pe()], 0, CELLS);
            case IC_IALLUIS -> {
                for (int[][] element : fetched) {
                    forget(element, 0, CELLS);
                }
            }
        }
        if (dic && CLEANS.contains(step.program())) {
            forgetLine(line);
        } else if (dic && step.program() == Program.STORE) {
            for (int[][] element : fetched) {
                forget(element, step.cell(), step.cell() + 1);
            }
        }
        prefetch();
        return null;
    }

    private @Nullable String execute(GuestStep step, int result) {
        View view = step.via().view == View.COHERENT ? View.UNIFIED : View.MEMORY;
        return check(result, fetched[step.pe()][view.ordinal()][step.cell()], "instruction cache, " + view);
    }

    private @Nullable String see(View view, int cell, int value) {
        String wrong = check(value, allowed(view, cell), view.toString());
        if (wrong == null) {
            int line = cell / LineState.CELLS;
            lines[line] = lines[line].seen(view, cell % LineState.CELLS, value);
        }
        return wrong;
    }

    private static @Nullable String check(int value, int allowed, String where) {
        return value != GuestRig.NO_VALUE && (allowed & 1 << value) != 0
                ? null
                : "gave " + value + ", allowed are " + CacheOracle.set(allowed) + " (" + where + ")";
    }
}
