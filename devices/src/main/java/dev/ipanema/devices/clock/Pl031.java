package dev.ipanema.devices.clock;

import dev.ipanema.devices.bus.IrqLine;
import dev.ipanema.devices.bus.Registers;
import dev.ipanema.machine.memory.MmioRegion;
import java.util.function.LongSupplier;

/// Arm PrimeCell Real Time Clock PL031 (DDI 0224, r1p3): a counter of seconds with an alarm.
///
/// The alarm fires when the counter reaches the match register; [#tick()] looks at the time and is to be called now and
/// then, every access to a register does it too. Not thread-safe: its VMM calls it under a lock.
public final class Pl031 implements MmioRegion {
    /// Bytes of its register window.
    public static final long SIZE = 0x1000;

    private static final int RTCDR = 0x000;
    private static final int RTCMR = 0x004;
    private static final int RTCLR = 0x008;
    private static final int RTCCR = 0x00c;
    private static final int RTCIMSC = 0x010;
    private static final int RTCRIS = 0x014;
    private static final int RTCMIS = 0x018;
    private static final int RTCICR = 0x01c;
    private static final int PERIPH_ID = 0xfe0;

    private static final int RTCINTR = 1;

    /// RTCPeriphID0-3 and RTCPCellID0-3 of an r1p3 part.
    private static final int[] ID = {0x31, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

    private final LongSupplier seconds;
    private final IrqLine irq;

    /// What is added to the source's time: loading the counter moves it.
    private int offset;

    private int match;
    private int load;
    private boolean enabled = true;
    private int imsc;
    private int ris;

    /// The counter when the alarm was looked at last.
    private int seen;

    /// @param seconds since 1970-01-01, never going back
    /// @param irq its interrupt, RTCINTR
    public Pl031(LongSupplier seconds, IrqLine irq) {
        this.seconds = seconds;
        this.irq = irq;
        seen = counter();
    }

    /// The device's state at one moment.
    ///
    /// @param offset what is added to the source's time
    /// @param match the match register
    /// @param load the load register
    /// @param enabled whether it counts
    /// @param imsc the interrupt mask
    /// @param ris the raw interrupt
    /// @param seen the counter when the alarm was looked at last
    public record State(int offset, int match, int load, boolean enabled, int imsc, int ris, int seen) {}

    /// {@return the state now}
    public State save() {
        return new State(offset, match, load, enabled, imsc, ris, seen);
    }

    /// Takes over a saved state.
    public void restore(State state) {
        offset = state.offset();
        match = state.match();
        load = state.load();
        enabled = state.enabled();
        imsc = state.imsc();
        ris = state.ris();
        seen = state.seen();
        update();
    }

    private int counter() {
        return enabled ? (int) seconds.getAsLong() + offset : 0;
    }

    /// Fires the alarm when its time has come.
    public void tick() {
        int now = counter();
        // Modulo 2^32: the match lies in (seen, now].
        if (now != seen && Integer.compareUnsigned(match - seen - 1, now - seen) < 0) {
            ris |= RTCINTR;
        }
        seen = now;
        update();
    }

    private void update() {
        irq.set((ris & imsc) != 0);
    }

    @Override
    public long read(long at, int bytes) {
        tick();
        return Registers.part(register((int) at & ~3), at, bytes);
    }

    private int register(int register) {
        return switch (register) {
            case RTCDR -> counter();
            case RTCMR -> match;
            case RTCLR -> load;
            case RTCCR -> enabled ? 1 : 0;
            case RTCIMSC -> imsc;
            case RTCRIS -> ris;
            case RTCMIS -> ris & imsc;
            default -> register >= PERIPH_ID && register < SIZE ? ID[(register - PERIPH_ID) >> 2] : 0;
        };
    }

    @Override
    public void write(long at, int bytes, long value) {
        tick();
        int data = (int) value;
        switch ((int) at) {
            case RTCMR -> {
                match = data;
                if (match == counter()) {
                    ris |= RTCINTR;
                }
            }
            case RTCLR -> {
                load = data;
                offset = data - (int) seconds.getAsLong();
                seen = counter();
                if (match == seen) {
                    ris |= RTCINTR;
                }
            }
            case RTCCR -> {
                // Once started it counts until a reset; writing 0 has no effect on a part that counts in real time.
                enabled |= (data & 1) != 0;
            }
            case RTCIMSC -> imsc = data & RTCINTR;
            case RTCICR -> ris &= ~data;
            default -> {
                // Reserved and read-only registers ignore writes.
            }
        }
        update();
    }
}
