package dev.ipanema.machine.cache;

import static dev.ipanema.machine.memory.RawMemory.RAW;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.RamViews;
import org.jspecify.annotations.Nullable;

/// Makes findings out of what an access met.
final class Reporter {
    private final CoherenceMonitor monitor;

    Reporter(CoherenceMonitor monitor) {
        this.monitor = monitor;
    }

    /// Asks for the address of the instruction when it is not known and can be.
    ///
    /// @return whether the access has to be made anew, with [Origin#again] set: nothing may have happened
    ///     yet
    static boolean wantsPc(Origin origin) {
        if (origin.agent != Agent.PE || !origin.mayRetry || origin.pcKnown) {
            return false;
        }
        origin.again = true;
        origin.wantsPc = true;
        return true;
    }

    /// Reports that bytes of one view were read which are newer in the other.
    ///
    /// @param length bytes, within a line
    /// @param cacheable whether the coherent view was read
    /// @param writer see [PageRecord#writer(long, boolean)]; 0 when nobody is known
    void staleRead(
            Origin origin,
            MemoryAttributes type,
            RamViews ram,
            long offset,
            int length,
            boolean cacheable,
            long writer,
            boolean exact) {
        FindingKind kind = origin.agent == Agent.DEVICE ? FindingKind.DMA_STALE : FindingKind.STALE_READ;
        Missing missing = cacheable ? Missing.INVALIDATE_TO_POC : Missing.CLEAN_TO_POC;
        views(kind, origin, type, ram, offset, length, cacheable, writer(writer, exact), missing);
    }

    /// Reports that a dirty line is written back over bytes that were stored past it.
    void lostWrite(Origin origin, RamViews ram, long offset, int length, long writer) {
        views(
                FindingKind.LOST_WRITE,
                origin,
                null,
                ram,
                offset,
                length,
                true,
                writer(writer, true),
                Missing.CLEAN_AND_INVALIDATE);
    }

    /// Reports that a guest has come to have two aliases of a page that reach different views.
    void mismatchedAlias(Origin origin, MemoryAttributes type, RamViews ram, long offset, Alias there) {
        boolean cacheable = type.isCacheable();
        monitor.report(finding(
                FindingKind.MISMATCHED_ALIAS,
                origin,
                ram,
                offset,
                0,
                "",
                "",
                here(origin, type, cacheable),
                there,
                null,
                Missing.ONE_TYPE));
    }

    /// Reports an exclusive or atomic access past the caches to a page that is used through them, or a
    /// pair split over both.
    void exclusivePastCaches(Origin origin, MemoryAttributes type, RamViews ram, long offset, int length) {
        boolean cacheable = type.isCacheable();
        views(FindingKind.EXCLUSIVE_ON_NC, origin, type, ram, offset, length, cacheable, null, Missing.ONE_TYPE);
    }

    /// Reports that an instruction was executed that is not, or no longer, what was stored last.
    ///
    /// @param now what was
    /// @param patched see [CacheSystem#executedStale]
    void staleFetch(
            Origin origin,
            MemoryAttributes type,
            RamViews ram,
            long offset,
            int word,
            int now,
            @Nullable Writer writer,
            Missing missing,
            boolean patched) {
        boolean byCaches = missing != Missing.INVALIDATE_TO_POC;
        Alias there = writer != null && writer.agent() != Agent.PE
                ? new Alias(writer.agent().name(), 0, null, byCaches)
                : new Alias(origin.agent.name(), origin.va, null, byCaches);
        Finding finding = finding(
                FindingKind.STALE_FETCH,
                origin,
                ram,
                offset,
                Integer.BYTES,
                hex(word),
                hex(now),
                here(origin, type, type.isCacheable()),
                there,
                writer,
                missing);
        if (patched) {
            monitor.suspect(finding);
        } else {
            monitor.report(finding);
        }
    }

    private void views(
            FindingKind kind,
            Origin origin,
            @Nullable MemoryAttributes type,
            RamViews ram,
            long offset,
            int length,
            boolean cacheable,
            @Nullable Writer writer,
            Missing missing) {
        String coherent = hex(ram.coherent(offset), length);
        String memory = hex(ram.memory(offset), length);
        monitor.report(finding(
                kind,
                origin,
                ram,
                offset,
                length,
                cacheable ? coherent : memory,
                cacheable ? memory : coherent,
                here(origin, type, cacheable),
                there(ram, offset, !cacheable, writer),
                writer,
                missing));
    }

    private static Alias here(Origin origin, @Nullable MemoryAttributes type, boolean cacheable) {
        return new Alias(origin.agent.name(), origin.va, type, cacheable);
    }

    /// The other alias: the writer's where it is no guest, else the one that guests were seen to have.
    private static Alias there(RamViews ram, long offset, boolean cacheable, @Nullable Writer writer) {
        if (writer != null && writer.agent() != Agent.PE) {
            return new Alias(writer.agent().name(), 0, null, cacheable);
        }
        return PageRecord.alias(ram.record(offset), cacheable);
    }

    static @Nullable Writer writer(long word, boolean exact) {
        return word == 0 ? null : PageRecord.writer(word, exact);
    }

    private static Finding finding(
            FindingKind kind,
            Origin origin,
            RamViews ram,
            long offset,
            int length,
            String seen,
            String other,
            Alias here,
            Alias there,
            @Nullable Writer writer,
            Missing missing) {
        return new Finding(
                kind,
                origin.agent,
                origin.pe,
                origin.pcKnown ? origin.pc : 0,
                origin.va,
                origin.ipa,
                ram.base() + offset,
                length,
                seen,
                other,
                here,
                there,
                writer,
                missing);
    }

    private static String hex(int word) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < Integer.BYTES; i++) {
            append(text, word >>> (Byte.SIZE * i));
        }
        return text.toString();
    }

    private static String hex(long host, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < Math.min(length, Finding.MAX_BYTES); i++) {
            append(text, RAW.getByte(host + i));
        }
        return text.toString();
    }

    private static void append(StringBuilder text, int value) {
        text.append(text.isEmpty() ? "" : " ")
                .append(Character.forDigit(value >>> 4 & 0xf, 16))
                .append(Character.forDigit(value & 0xf, 16));
    }
}
