package dev.ipanema.machine.memory;

import dev.ipanema.base.text.Sizes;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Locale;

/// One anonymous mapping of the host process: address space only until a page is touched, zero-filled, at
/// one address until [#close()]. The only native calls of this module: `mmap`, `munmap`, `madvise`.
///
/// `MAP_NORESERVE` keeps hundreds of GiB from counting as committed; `MADV_NOHUGEPAGE` keeps one touched
/// page from costing 2 MiB.
final class HostMapping implements AutoCloseable {
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE = 2;
    private static final int MADV_NOHUGEPAGE = 15;
    private static final long MAP_FAILED = -1;
    private static final boolean LINUX =
            System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux");
    /// `MAP_ANONYMOUS | MAP_NORESERVE`; the two systems that have an mmap number them differently.
    private static final int MAP_SPARSE = LINUX ? 0x20 | 0x4000 : 0x1000 | 0x40;

    private static final Linker LINKER = Linker.nativeLinker();

    /// The prototype of `mmap`, for all three functions: `munmap` and `madvise` take its first two and three arguments.
    /// The JVM links each prototype once, in milliseconds that a short command would notice.
    // SAFETY: both systems pass these arguments in registers, and who is called looks at its own only. An `int` that is
    // returned is the low half of the `long`.
    private static final FunctionDescriptor PROTOTYPE = FunctionDescriptor.of(
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_LONG);

    private static final MethodHandle MMAP = function("mmap");
    private static final MethodHandle MUNMAP = function("munmap");
    private static final MethodHandle MADVISE = function("madvise");

    private final long address;
    private final long bytes;
    private boolean mapped = true;

    private HostMapping(long address, long bytes) {
        this.address = address;
        this.bytes = bytes;
    }

    // Restricted method: see the prototype.
    @SuppressWarnings("restricted")
    private static MethodHandle function(String name, Linker.Option... options) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), PROTOTYPE, options);
    }

    /// `mmap` once more, with its errno. A function that captures errno takes the JVM twice as long to link, which a
    /// short command would notice: this one is linked only when there is something to tell.
    private static final class Refusal {
        private static final MemoryLayout CALL_STATE = Linker.Option.captureStateLayout();
        private static final VarHandle ERRNO = CALL_STATE
                .varHandle(MemoryLayout.PathElement.groupElement("errno"))
                .withInvokeExactBehavior();
        private static final MethodHandle MMAP = function("mmap", Linker.Option.captureCallState("errno"));

        static long map(long bytes) throws Throwable {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment state = arena.allocate(CALL_STATE);
                long address =
                        (long) MMAP.invokeExact(state, 0L, bytes, PROT_READ_WRITE, MAP_PRIVATE | MAP_SPARSE, -1, 0L);
                if (address == MAP_FAILED) {
                    throw new IllegalStateException("The host refused " + Sizes.format(bytes)
                            + " of address space for simulated memory: mmap, errno " + (int) ERRNO.get(state, 0L));
                }
                return address;
            }
        }
    }

    /// Reserves address space for zero-filled memory.
    ///
    /// @param bytes its size, more than 0
    /// @throws IllegalStateException when the host has no such range of addresses left
    static HostMapping reserve(long bytes) {
        try {
            long address = (long) MMAP.invokeExact(0L, bytes, PROT_READ_WRITE, MAP_PRIVATE | MAP_SPARSE, -1, 0L);
            if (address == MAP_FAILED) {
                address = Refusal.map(bytes);
            }
            if (LINUX) {
                // A kernel without huge pages answers EINVAL, which is what is wanted anyway.
                long ignored = (long) MADVISE.invokeExact(address, bytes, MADV_NOHUGEPAGE, 0, 0, 0L);
                assert (int) ignored <= 0;
            }
            return new HostMapping(address, bytes);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("mmap could not be called", e);
        }
    }

    /// {@return the host address of its first byte; page-aligned}
    long address() {
        return address;
    }

    /// Gives the range back. Nobody may hold an address into it any longer.
    @Override
    public synchronized void close() {
        if (!mapped) {
            return;
        }
        mapped = false;
        try {
            long result = (long) MUNMAP.invokeExact(address, bytes, 0, 0, 0, 0L);
            if ((int) result != 0) {
                throw new IllegalStateException("munmap failed at 0x" + Long.toHexString(address));
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("munmap could not be called", e);
        }
    }
}
