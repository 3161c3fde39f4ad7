package dev.ipanema.kvm.abort;

import dev.ipanema.arm.pgtable.Stage2Prot;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.trail.DecisionTrail;

/// What a fault laid down at stage 2, in a trail: numbers that become text when the trail is read.
final class LeafText {
    /// A [#place] with its size, and a [#result].
    static final DecisionTrail.Form SIZED = (place, result) -> "IPA " + Sizes.hex(place & -MappingSize.PAGE_SIZE) + " "
            + Sizes.format(1L << (place & (MappingSize.PAGE_SIZE - 1))) + " " + outcome(result);

    /// An IPA, and a [#result].
    static final DecisionTrail.Form PAGE = (ipa, result) -> "IPA " + Sizes.hex(ipa) + " " + outcome(result);

    private LeafText() {}

    /// {@return a page-aligned IPA with log2 of a size, which is a power of two, in its low bits}
    static long place(long ipa, long size) {
        return ipa | Long.numberOfTrailingZeros(size);
    }

    /// {@return a protection, and 0 or a negated errno}
    static long result(int prot, int errno) {
        return (long) prot << Integer.SIZE | Integer.toUnsignedLong(errno);
    }

    private static String outcome(long result) {
        return Stage2Prot.describe((int) (result >>> Integer.SIZE)) + ": " + Errno.render((int) result);
    }
}
