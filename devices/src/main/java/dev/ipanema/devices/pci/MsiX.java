package dev.ipanema.devices.pci;

import dev.ipanema.machine.memory.MmioRegion;

/// MSI-X of a function: its capability, and a [MsiXTable] in a BAR (PCI Local Bus Specification 3.0, section 6.8.2).
///
/// Table and pending bits lie in one BAR, by default the table at its start and the pending bits at [#PENDING]. As a
/// region of registers its offsets are those of that BAR; what is neither table nor pending bits reads as zero.
public final class MsiX implements MmioRegion {
    /// Bytes of a BAR with nothing else in it.
    public static final long SIZE = 0x1000;

    /// Offset of the pending bits in such a BAR.
    public static final int PENDING = 0x800;

    /// Most vectors that there can be.
    public static final int MAX_VECTORS = MsiXTable.MAX_VECTORS;

    private static final int CAPABILITY_LENGTH = 12;

    private final PciConfigSpace config;
    private final int capability;
    private final MsiXTable table;
    private final int tableOffset;
    private final int pendingOffset;

    /// Adds the capability to a function whose BAR holds nothing else.
    ///
    /// @param bar which BAR holds the table
    /// @param vectors 1 to [#MAX_VECTORS]
    public MsiX(PciConfigSpace config, int bar, int vectors, MsiXTable.Sender sender) {
        this(config, bar, vectors, 0, PENDING, sender);
    }

    /// Adds the capability to a function.
    ///
    /// @param bar which BAR holds the table
    /// @param vectors 1 to [#MAX_VECTORS]
    /// @param tableOffset where in the BAR the table begins, a multiple of 8
    /// @param pendingOffset where in the BAR the pending bits are, a multiple of 8 outside the table
    public MsiX(
            PciConfigSpace config, int bar, int vectors, int tableOffset, int pendingOffset, MsiXTable.Sender sender) {
        this.config = config;
        this.tableOffset = tableOffset;
        this.pendingOffset = pendingOffset;
        table = new MsiXTable(vectors, sender);
        capability = config.addCapability(PciConfig.CAP_MSIX, CAPABILITY_LENGTH);
        config.put(capability + PciConfig.MSIX_FLAGS, Short.BYTES, vectors - 1);
        config.put(capability + PciConfig.MSIX_TABLE, Integer.BYTES, tableOffset | bar);
        config.put(capability + PciConfig.MSIX_PBA, Integer.BYTES, pendingOffset | bar);
        config.makeWritable(
                capability + PciConfig.MSIX_FLAGS,
                Short.BYTES,
                PciConfig.MSIX_FLAGS_ENABLE | PciConfig.MSIX_FLAGS_MASKALL);
    }

    /// Takes table and pending bits back to what they are after power on; the capability is not touched.
    public void reset() {
        table.reset();
    }

    private int control() {
        return (int) config.get(capability + PciConfig.MSIX_FLAGS, Short.BYTES);
    }

    /// {@return whether the guest uses MSI-X instead of the pin}
    public boolean isEnabled() {
        return (control() & PciConfig.MSIX_FLAGS_ENABLE) != 0;
    }

    /// {@return how many vectors there are}
    public int vectors() {
        return table.vectors();
    }

    /// Raises a vector: its message is sent, or it stays pending while it is masked. A vector that is not there or not
    /// enabled is ignored.
    public void signal(int vector) {
        table.signal(vector);
    }

    /// The guest has written the configuration space: what became unmasked is sent.
    public void configWritten() {
        table.control(isEnabled(), (control() & PciConfig.MSIX_FLAGS_MASKALL) != 0);
    }

    /// {@return whether an access of the BAR reaches the table or the pending bits}
    public boolean holds(long offset, int bytes) {
        return isInside(offset - tableOffset, bytes, table.size())
                || isInside(offset - pendingOffset, bytes, Long.BYTES);
    }

    private static boolean isInside(long offset, int bytes, int size) {
        return offset >= 0 && offset <= size - bytes;
    }

    @Override
    public long read(long offset, int bytes) {
        long inPending = offset - pendingOffset;
        return isInside(inPending, bytes, Long.BYTES)
                ? table.readPending(inPending, bytes)
                : table.read(offset - tableOffset, bytes);
    }

    @Override
    public void write(long offset, int bytes, long value) {
        table.write(offset - tableOffset, bytes, value);
    }
}
