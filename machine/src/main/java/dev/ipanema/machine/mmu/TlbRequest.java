package dev.ipanema.machine.mmu;

import dev.ipanema.arm.register.TlbiOp;

/// One TLB invalidation with its operands decoded: what it removes, of which VMID and ASID, over which
/// addresses. Mutable, so that queues hold them without allocating.
final class TlbRequest {
    /// What to remove; without meaning for a [#codePage] or [#cachedPage].
    TlbiOp.Kind kind = TlbiOp.Kind.ALLE1;

    /// Not an invalidation: stores to the page at [#address] must take the slow path, it holds decoded
    /// code.
    boolean codePage;

    /// Not an invalidation: all accesses to the page at [#address] must take the slow path, the state of
    /// its caches has changed.
    boolean cachedPage;

    /// Not an invalidation either, and without operands: decoded code has changes of others to apply.
    boolean codeChange;

    int vmid;
    int asid;

    /// First address, and bytes from there on.
    long address;

    long bytes;

    /// Index of the processing element that has applied it already, or -1.
    int issuer = -1;

    void copyFrom(TlbRequest other) {
        kind = other.kind;
        codePage = other.codePage;
        cachedPage = other.cachedPage;
        codeChange = other.codeChange;
        vmid = other.vmid;
        asid = other.asid;
        address = other.address;
        bytes = other.bytes;
        issuer = other.issuer;
    }

    /// Decodes the operand of an instruction.
    ///
    /// @param bits52 see [TlbiOp#rangeVa]
    void decode(TlbiOp.Kind what, int ofVmid, long xt, boolean bits52) {
        kind = what;
        codePage = false;
        cachedPage = false;
        codeChange = false;
        vmid = ofVmid;
        asid = what.matchesAsid() ? TlbiOp.asid(xt) : -1;
        boolean stage2 = isStage2(what);
        if (what.isRange()) {
            address = stage2 ? TlbiOp.rangeIpa(xt, bits52) : TlbiOp.rangeVa(xt, bits52);
            bytes = TlbiOp.rangeShift(xt) == 0 ? 0 : TlbiOp.rangeBytes(xt);
        } else {
            address = stage2 ? TlbiOp.ipa(xt) : TlbiOp.va(xt);
            bytes = 1;
        }
    }

    private static boolean isStage2(TlbiOp.Kind kind) {
        return switch (kind) {
            case IPAS2E1, IPAS2LE1, RIPAS2E1, RIPAS2LE1 -> true;
            default -> false;
        };
    }
}
