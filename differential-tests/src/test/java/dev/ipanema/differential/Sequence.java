package dev.ipanema.differential;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/// A few instructions and the state they start from.
///
/// @param rows the names of the rows that the words were made from
/// @param words the instructions, at most [Layout#MAX_INSTRUCTIONS]
/// @param literals what stands behind them, for loads of literals
/// @param targets registers that hold the address of an instruction
/// @param start the state before them, but for `targets`
record Sequence(List<String> rows, int[] words, long[] literals, List<RegisterTarget> targets, State start) {
    private static final int NOP = 0xd503_201f;

    /// A register that a branch takes its target from.
    ///
    /// @param register X0 to X30
    /// @param instruction an index in [#words()], or its length for the end
    record RegisterTarget(int register, int instruction) {}

    /// {@return the state before the sequence when it stands in a slot}
    State startIn(int slot) {
        if (targets.isEmpty()) {
            return start;
        }
        State state = start.copy();
        for (RegisterTarget target : targets) {
            state.x[target.register] = Layout.start(slot, words.length) + 4L * target.instruction;
        }
        return state;
    }

    /// {@return a slot with the instructions and literals, NOP elsewhere}
    ByteBuffer slot() {
        ByteBuffer slot = ByteBuffer.allocate(Layout.SLOT_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < Layout.LITERALS; at += 4) {
            slot.putInt(at, NOP);
        }
        for (int i = 0; i < words.length; i++) {
            slot.putInt(4 * (Layout.TAIL_WORD - words.length + i), words[i]);
        }
        for (int i = 0; i < literals.length; i++) {
            slot.putLong(Layout.LITERALS + 8 * i, literals[i]);
        }
        return slot;
    }
}
