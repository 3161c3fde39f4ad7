package dev.ipanema.arm.a64;

/// A place in the code of one [Assembler], used before or after it is bound.
public final class Label {
    private static final long UNBOUND = -1;

    private final String name;
    private long offset = UNBOUND;

    Label(String name) {
        this.name = name;
    }

    boolean isBound() {
        return offset != UNBOUND;
    }

    void bind(long at) {
        if (isBound()) {
            throw new AssemblyException("Label " + name + " is bound twice");
        }
        offset = at;
    }

    /// {@return the offset in bytes from the start of the code}
    ///
    /// @throws AssemblyException the label is not bound
    public long offset() {
        if (!isBound()) {
            throw new AssemblyException("Label " + name + " is never bound");
        }
        return offset;
    }

    @Override
    public String toString() {
        return name;
    }
}
