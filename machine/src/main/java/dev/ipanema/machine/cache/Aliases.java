package dev.ipanema.machine.cache;

import static dev.ipanema.machine.cache.PageRecord.ALIAS_TOLD;
import static dev.ipanema.machine.cache.PageRecord.GUEST_COHERENT;
import static dev.ipanema.machine.cache.PageRecord.GUEST_MEMORY;
import static dev.ipanema.machine.cache.PageRecord.MEMORY_ENTRY;
import static dev.ipanema.machine.cache.PageRecord.USED;
import static dev.ipanema.machine.cache.PageRecord.VMM_COHERENT;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.RamViews;

/// Notes by which aliases a page is accessed, and finds a pair that reaches different views when it comes
/// to be.
///
/// Of a guest only accesses with stage 1 on count: before its MMU is on, all of memory is one alias of
/// one type, and the boot protocol says how to get from there to the next. Of the host only the VMM's own
/// mapping counts: the kernel's linear map is an alias of every page that it hands to guests, and KVM's
/// maintenance is there for it.
final class Aliases {
    private final PageStates states;
    private final Reporter reporter;

    Aliases(PageStates states, Reporter reporter) {
        this.states = states;
        this.reporter = reporter;
    }

    /// {@return the flags that an access leaves}
    private static int traces(Origin origin, boolean cacheable) {
        int traces = cacheable ? USED : 0;
        if (origin.agent == Agent.PE) {
            return origin.stage1 ? traces | (cacheable ? GUEST_COHERENT : GUEST_MEMORY) : traces;
        }
        return origin.agent == Agent.VMM && cacheable ? traces | VMM_COHERENT : traces;
    }

    private static boolean isUntoldPair(int flags) {
        return (flags & GUEST_MEMORY) != 0
                && (flags & (GUEST_COHERENT | VMM_COHERENT)) != 0
                && (flags & ALIAS_TOLD) == 0;
    }

    /// {@return whether an access leaves a page's flags as they are and has nothing to report; asked
    /// without the lock}
    static boolean isNothingNew(Origin origin, MemoryAttributes type, int flags) {
        int traces = traces(origin, type.isCacheable());
        return (flags & traces) == traces && !isUntoldPair(flags);
    }

    /// Notes an access, under the page's lock.
    ///
    /// @return false when it has to be made anew
    boolean note(Origin origin, MemoryAttributes type, RamViews ram, long page, long offset) {
        boolean cacheable = type.isCacheable();
        long record = ram.record(page);
        int flags = PageRecord.flags(record);
        int after = flags | traces(origin, cacheable);
        if (isUntoldPair(after) && Reporter.wantsPc(origin)) {
            return false;
        }
        if (cacheable
                && (flags & MEMORY_ENTRY) != 0
                && (flags & USED) == 0
                && !states.dropEntries(origin, ram, page, MEMORY_ENTRY)) {
            return false;
        }
        if (isUntoldPair(after)) {
            after |= ALIAS_TOLD;
            if (origin.agent == Agent.PE || origin.agent == Agent.VMM) {
                reporter.mismatchedAlias(origin, type, ram, offset, other(record, cacheable, flags));
            }
        }
        if (origin.agent == Agent.PE && origin.stage1) {
            PageRecord.alias(record, origin, type);
        }
        PageRecord.set(record, after & ~flags);
        return true;
    }

    private static Alias other(long record, boolean cacheable, int flags) {
        if (!cacheable && (flags & GUEST_COHERENT) == 0) {
            return new Alias(Agent.VMM.name(), 0, null, true);
        }
        return PageRecord.alias(record, !cacheable);
    }
}
