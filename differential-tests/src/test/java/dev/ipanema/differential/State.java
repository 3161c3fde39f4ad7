package dev.ipanema.differential;

import java.nio.ByteBuffer;
import java.util.Arrays;

/// What a sequence starts from and what it leaves: the registers that EL0 sees and the window.
final class State {
    final long[] x = new long[31];
    long sp;
    long nzcv;
    long fpcr;
    long fpsr;
    final long[] v = new long[64];
    final byte[] window = new byte[Layout.WINDOW_BYTES];

    /// Number of the signal that a Linux process would get, 0 when the sequence reached its end.
    int signal;

    /// Where that happened.
    long pc;

    State copy() {
        State copy = new State();
        System.arraycopy(x, 0, copy.x, 0, x.length);
        System.arraycopy(v, 0, copy.v, 0, v.length);
        System.arraycopy(window, 0, copy.window, 0, window.length);
        copy.sp = sp;
        copy.nzcv = nzcv;
        copy.fpcr = fpcr;
        copy.fpsr = fpsr;
        copy.signal = signal;
        copy.pc = pc;
        return copy;
    }

    /// Writes the record of a sequence before it runs; see [Layout].
    void write(ByteBuffer to, int at, long entry, long tail) {
        for (int n = 0; n < x.length; n++) {
            to.putLong(at + Layout.X + 8 * n, x[n]);
        }
        to.putLong(at + Layout.SP, sp);
        to.putLong(at + Layout.NZCV, nzcv);
        to.putLong(at + Layout.FPCR, fpcr);
        to.putLong(at + Layout.FPSR, fpsr);
        to.putLong(at + Layout.ENTRY, entry);
        to.putLong(at + Layout.TAIL, tail);
        for (int n = 0; n < v.length; n++) {
            to.putLong(at + Layout.V + 8 * n, v[n]);
        }
        to.put(at + Layout.WINDOW_COPY, window);
    }

    /// {@return the state in the record of a sequence that ran}
    static State read(ByteBuffer from, int at) {
        State state = new State();
        for (int n = 0; n < state.x.length; n++) {
            state.x[n] = from.getLong(at + Layout.X + 8 * n);
        }
        state.sp = from.getLong(at + Layout.SP);
        state.nzcv = from.getLong(at + Layout.NZCV);
        state.fpcr = from.getLong(at + Layout.FPCR);
        state.fpsr = from.getLong(at + Layout.FPSR);
        state.signal = (int) from.getLong(at + Layout.SIGNAL);
        state.pc = from.getLong(at + Layout.PC);
        for (int n = 0; n < state.v.length; n++) {
            state.v[n] = from.getLong(at + Layout.V + 8 * n);
        }
        from.get(at + Layout.WINDOW_COPY, state.window);
        return state;
    }

    boolean agrees(State other) {
        return Arrays.equals(x, other.x)
                && sp == other.sp
                && nzcv == other.nzcv
                && fpcr == other.fpcr
                && fpsr == other.fpsr
                && signal == other.signal
                && pc == other.pc
                && Arrays.equals(v, other.v)
                && Arrays.equals(window, other.window);
    }
}
