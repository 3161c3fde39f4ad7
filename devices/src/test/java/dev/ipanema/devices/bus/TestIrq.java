package dev.ipanema.devices.bus;

/// An interrupt line that remembers its level and how often it rose.
public final class TestIrq implements IrqLine {
    private boolean level;
    private int rises;

    @Override
    public void set(boolean now) {
        if (now && !level) {
            rises++;
        }
        level = now;
    }

    public boolean level() {
        return level;
    }

    public int rises() {
        return rises;
    }
}
