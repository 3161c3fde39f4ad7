package dev.ipanema.machine.cache;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// The sets of [LineState] that a line can be in, after stores, maintenance and what was read of it: the subset
/// construction, made as far as programs need it and remembered, because the same sets come again and again.
final class LineOracle {
    /// Values that a cell can have.
    static final int VALUES = 4;

    /// Sets that are remembered; beyond it all are forgotten.
    private static final int MAX_REMEMBERED = 20_000;

    /// Who sees what.
    enum View {
        /// Cacheable accesses of processing elements, the host and devices that snoop.
        COHERENT,
        /// Fetches that are cacheable.
        UNIFIED,
        /// Accesses that are not cacheable, and devices that do not snoop.
        MEMORY
    }

    private static final int PER_VIEW = LineState.CELLS * VALUES;
    private static final int STORE = 0;
    private static final int STORE_THROUGH = PER_VIEW;
    private static final int STORE_TO_MEMORY = 2 * PER_VIEW;
    private static final int SEEN = 3 * PER_VIEW;
    private static final int CLEAN_POU = 6 * PER_VIEW;
    private static final int CLEAN_POC = CLEAN_POU + 1;
    private static final int INVALIDATE = CLEAN_POU + 2;
    private static final int CLEAN_INVALIDATE = CLEAN_POU + 3;
    private static final int PERMIT = CLEAN_POU + 4;
    private static final int FORBID = CLEAN_POU + 5;
    private static final int ACTIONS = CLEAN_POU + 6;

    private record Key(int hash, int[] states, boolean mayFill) {
        @Override
        public int hashCode() {
            return hash;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Key key && key.mayFill == mayFill && Arrays.equals(key.states, states);
        }
    }

    /// What a line can be.
    final class Possible {
        private final int[] states;
        private final boolean mayFill;
        private final int[] allowed = new int[View.values().length * LineState.CELLS];
        private final @Nullable Possible[] next = new Possible[ACTIONS];

        private Possible(int[] states, boolean mayFill) {
            this.states = states;
            this.mayFill = mayFill;
            for (int state : states) {
                for (View view : View.values()) {
                    for (int cell = 0; cell < LineState.CELLS; cell++) {
                        allowed[view.ordinal() * LineState.CELLS + cell] |= 1 << see(view, state, cell);
                    }
                }
            }
        }

        /// {@return how many states}
        int size() {
            return states.length;
        }

        /// {@return the values that a read may give, bit v for value v}
        int allowed(View view, int cell) {
            return allowed[view.ordinal() * LineState.CELLS + cell];
        }

        /// {@return what is possible after a read gave an allowed value}
        Possible seen(View view, int cell, int value) {
            return after(SEEN + view.ordinal() * PER_VIEW + cell * VALUES + value);
        }

        Possible store(int cell, int value) {
            return after(STORE + cell * VALUES + value);
        }

        Possible storeThrough(int cell, int value) {
            return after(STORE_THROUGH + cell * VALUES + value);
        }

        Possible storeToMemory(int cell, int value) {
            return after(STORE_TO_MEMORY + cell * VALUES + value);
        }

        Possible cleanToPou() {
            return after(CLEAN_POU);
        }

        Possible cleanToPoc() {
            return after(CLEAN_POC);
        }

        Possible invalidate() {
            return after(INVALIDATE);
        }

        Possible cleanAndInvalidate() {
            return after(CLEAN_INVALIDATE);
        }

        /// {@return the same from when on the line may, or may not, be filled}
        Possible fillable(boolean may) {
            return may == mayFill ? this : after(may ? PERMIT : FORBID);
        }

        private Possible after(int action) {
            Possible known = next[action];
            if (known == null) {
                known = closed(actAll(states, action), action == PERMIT || mayFill && action != FORBID);
                next[action] = known;
            }
            return known;
        }

        @Override
        public String toString() {
            StringBuilder text = new StringBuilder(mayFill ? "fillable" : "not fillable");
            Arrays.stream(states)
                    .mapToObj(LineState::text)
                    .forEach(state -> text.append("  ").append(state));
            return text.toString();
        }
    }

    private final boolean idc;
    private final Map<Key, Possible> remembered = new HashMap<>();

    /// @param idc whether fetches see the data cache
    LineOracle(boolean idc) {
        this.idc = idc;
    }

    /// {@return what a line can be at reset}
    ///
    /// @param mayFill whether it may be filled
    Possible reset(boolean mayFill) {
        return closed(new TreeSet<>(List.of(LineState.RESET)), mayFill);
    }

    private int see(View view, int state, int cell) {
        return switch (view) {
            case COHERENT -> LineState.coherent(state, cell);
            case UNIFIED -> idc ? LineState.coherent(state, cell) : LineState.unified(state, cell);
            case MEMORY -> LineState.memory(state, cell);
        };
    }

    private TreeSet<Integer> actAll(int[] states, int action) {
        TreeSet<Integer> result = new TreeSet<>();
        for (int state : states) {
            act(action, state, result);
        }
        return result;
    }

    private void act(int action, int state, TreeSet<Integer> to) {
        int cell = action / VALUES % LineState.CELLS;
        int value = action % VALUES;
        switch (action) {
            case CLEAN_POU -> LineState.cleanToPou(state, idc, to::add);
            case CLEAN_POC -> LineState.cleanToPoc(state, idc, to::add);
            case INVALIDATE -> to.add(LineState.invalidate(state));
            case CLEAN_INVALIDATE -> LineState.cleanToPoc(state, idc, clean -> to.add(LineState.invalidate(clean)));
            case PERMIT, FORBID -> to.add(state);
            default -> {
                if (action >= SEEN) {
                    View view = View.values()[(action - SEEN) / PER_VIEW];
                    if (see(view, state, cell) == value) {
                        to.add(state);
                    }
                } else if (action >= STORE_TO_MEMORY) {
                    to.add(LineState.storeToMemory(state, cell, value));
                } else if (action >= STORE_THROUGH) {
                    to.add(LineState.storeThrough(state, cell, value, true));
                    to.add(LineState.storeThrough(state, cell, value, false));
                } else {
                    to.add(LineState.store(state, cell, value));
                }
            }
        }
    }

    private Possible closed(TreeSet<Integer> states, boolean mayFill) {
        ArrayDeque<Integer> fresh = new ArrayDeque<>(states);
        while (!fresh.isEmpty()) {
            LineState.freedom(fresh.removeFirst(), mayFill, idc, state -> {
                if (states.add(state)) {
                    fresh.addLast(state);
                }
            });
        }
        int[] sorted = states.stream().mapToInt(Integer::intValue).toArray();
        Key key = new Key(Arrays.hashCode(sorted), sorted, mayFill);
        Possible known = remembered.get(key);
        if (known == null) {
            if (remembered.size() >= MAX_REMEMBERED) {
                remembered.clear();
            }
            known = new Possible(sorted, mayFill);
            remembered.put(key, known);
        }
        return known;
    }
}
