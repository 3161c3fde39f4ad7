package dev.ipanema.kvm.stage2;

/// There is no memory for the start level of a new stage-2 table: creating the VM ends in -ENOMEM.
public final class OutOfTablePagesException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OutOfTablePagesException(long bytes) {
        super("No memory for the start level of a stage-2 table: " + bytes + " bytes");
    }
}
