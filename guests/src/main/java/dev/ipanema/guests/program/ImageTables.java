package dev.ipanema.guests.program;

import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.register.TcrEl1;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/// Stage-1 tables that are a part of an image: 39 bits of address, the 4 KiB granule, blocks of 2 MiB.
///
/// The root table comes first; a table of the second level for each GiB that is mapped follows.
final class ImageTables {
    private static final int T0SZ = 25;
    private static final int IPA_BITS = 40;
    private static final int ENTRIES = 512;
    private static final int BLOCK_LEVEL = 2;
    private static final int BLOCK_SHIFT = 21;
    private static final int ROOT_SHIFT = 30;

    private final long base;
    private final List<long[]> tables = new ArrayList<>();

    /// @param base address of the root table, a multiple of 4 KiB
    ImageTables(long base) {
        this.base = base;
        tables.add(new long[ENTRIES]);
    }

    /// {@return TCR_EL1 for these tables}
    static long tcr() {
        return TcrEl1.lowerHalf(T0SZ, Granule.K4, IPA_BITS);
    }

    /// Maps a range.
    ///
    /// @param va a multiple of 2 MiB below 512 GiB
    /// @param pa a multiple of 2 MiB
    /// @param size bytes, a multiple of 2 MiB
    void map(long va, long pa, long size, DriverMmu.Type type) {
        for (long done = 0; done < size; done += 1L << BLOCK_SHIFT) {
            long[] table = table((int) ((va + done) >>> ROOT_SHIFT));
            table[(int) ((va + done) >>> BLOCK_SHIFT) & ENTRIES - 1] = type.leaf(BLOCK_LEVEL) | pa + done;
        }
    }

    private long[] table(int rootIndex) {
        long[] root = tables.getFirst();
        if (root[rootIndex] == 0) {
            root[rootIndex] =
                    Stage1Descriptor.table(base + (long) tables.size() * DriverMmu.TABLE, 0, Granule.K4, false);
            tables.add(new long[ENTRIES]);
        }
        return tables.get(
                (int) (Stage1Descriptor.tableAddress(root[rootIndex], Granule.K4, false) - base) / DriverMmu.TABLE);
    }

    /// {@return what belongs at the base}
    byte[] bytes() {
        ByteBuffer bytes = ByteBuffer.allocate(tables.size() * DriverMmu.TABLE).order(ByteOrder.LITTLE_ENDIAN);
        for (long[] table : tables) {
            for (long entry : table) {
                bytes.putLong(entry);
            }
        }
        return bytes.array();
    }
}
