package dev.ipanema.machine.mmu;

import java.util.function.LongUnaryOperator;

/// A second, slow reading of the architecture's translation, for comparison: recursive, straight from the
/// descriptor diagrams of DDI 0487, with its own bit positions and without TLB, hardware updates or
/// 52-bit addresses.
final class NaiveWalk {
    static final String READ = "read";
    static final String WRITE = "write";
    static final String FETCH = "fetch";

    final LongUnaryOperator memory;
    long tcr;
    long ttbr0;
    long ttbr1;
    long mair;
    long vtcr;
    long vttbr;
    boolean stage1;
    boolean stage2;
    boolean fwb;
    boolean wxn;
    int paBits;

    NaiveWalk(LongUnaryOperator memory) {
        this.memory = memory;
    }

    /// {@return `ok PA` in hex, or `sN fsc [s1ptw]`}
    String translate(long va, String access, boolean user, boolean pan, boolean aligned) {
        try {
            return "ok " + Long.toHexString(full(va, access, user, pan, aligned));
        } catch (Abort e) {
            return e.outcome;
        }
    }

    private static final class Abort extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final String outcome;

        Abort(int stage, int fsc, boolean s1ptw) {
            super(null, null, false, false);
            outcome = "s%d 0x%02x%s".formatted(stage, fsc, s1ptw ? " s1ptw" : "");
        }
    }

    private record Leaf(long out, long desc, int level, long tables) {}

    private long full(long va, String access, boolean user, boolean pan, boolean aligned) {
        long ipa = va;
        boolean device1 = true;
        if (stage1) {
            Leaf leaf = walk1(va);
            ipa = leaf.out;
            int attr = (int) (mair >>> (8 * (leaf.desc >>> 2 & 7))) & 0xff;
            device1 = attr >>> 4 == 0;
            if (device1 && !aligned && !access.equals(FETCH)) {
                throw new Abort(1, 0x21, false);
            }
            if (!permits1(leaf, access, user, pan)) {
                throw new Abort(1, 0x0c + leaf.level, false);
            }
        } else if (va >>> paBits != 0) {
            throw new Abort(1, 0, false);
        } else if (!aligned && !access.equals(FETCH)) {
            throw new Abort(1, 0x21, false);
        }
        return stage2 ? second(ipa, access, user, aligned, false, device1) : ipa;
    }

    private Leaf walk1(long va) {
        int half = (int) (va >>> 55) & 1;
        int tsz = (int) (tcr >>> (16 * half)) & 0x3f;
        int tg = (int) (tcr >>> (half == 0 ? 14 : 30)) & 3;
        int page = half == 0 ? tg == 0 ? 12 : tg == 2 ? 14 : 16 : tg == 2 ? 12 : tg == 1 ? 14 : 16;
        int bits = 64 - tsz;
        long top = va >> bits;
        if (tsz < 16 || tsz > 39 || top != -half || (tcr >>> (7 + 16 * half) & 1) != 0) {
            throw new Abort(1, 4, false);
        }
        int stride = page - 3;
        int level = 3;
        for (int reached = page + stride; reached < bits; reached += stride) {
            level--;
        }
        int out = Math.min(48, Math.min(paBits, new int[] {32, 36, 40, 42, 44, 48, 52, 56}[(int) (tcr >>> 32) & 7]));
        int firstBits = bits - (page + stride * (3 - level));
        long table = (half == 0 ? ttbr0 : ttbr1) & 0xffff_ffff_fffeL & -(8L << firstBits);
        if (table >>> out != 0) {
            throw new Abort(1, 0, false);
        }
        long tables = 0;
        long left = va & (1L << bits) - 1;
        while (true) {
            int shift = page + stride * (3 - level);
            long entry = table + 8 * (left >>> shift);
            left &= (1L << shift) - 1;
            long where = stage2 ? second(entry, READ, false, true, true, false) : entry;
            long desc = memory.applyAsLong(where);
            boolean table3 = (desc & 3) == 3 && level < 3;
            boolean leaf = level == 3 ? (desc & 3) == 3 : (desc & 3) == 1 && (level == 2 || (level == 1 && page == 12));
            if (!table3 && !leaf) {
                throw new Abort(1, 4 + level, false);
            }
            long address = desc & 0xffff_ffff_f000L & -(1L << (table3 ? page : shift));
            if (address >>> out != 0) {
                throw new Abort(1, level, false);
            }
            if (leaf) {
                if ((desc & 1 << 10) == 0) {
                    throw new Abort(1, 8 + level, false);
                }
                return new Leaf(address | left, desc, level, tables);
            }
            tables |= desc;
            table = address;
            level++;
        }
    }

    private boolean permits1(Leaf leaf, String access, boolean user, boolean pan) {
        boolean el0 = (leaf.desc & 1 << 6) != 0 && (leaf.tables >>> 61 & 1) == 0;
        boolean writable = (leaf.desc & 1 << 7) == 0 && (leaf.tables >>> 62 & 1) == 0;
        boolean uxn = (leaf.desc >>> 54 & 1) != 0 || (leaf.tables >>> 60 & 1) != 0;
        boolean pxn = (leaf.desc >>> 53 & 1) != 0 || (leaf.tables >>> 59 & 1) != 0;
        return switch (access) {
            case READ -> user ? el0 : !(pan && el0);
            case WRITE -> writable && (user ? el0 : !(pan && el0));
            default -> user ? !uxn && !(wxn && el0 && writable) : !pxn && !(el0 && writable) && !(wxn && writable);
        };
    }

    private long second(long ipa, String access, boolean user, boolean aligned, boolean walk, boolean device1) {
        int page = switch ((int) (vtcr >>> 14) & 3) {
            case 0 -> 12;
            case 2 -> 14;
            default -> 16;
        };
        int stride = page - 3;
        int sl0 = (int) (vtcr >>> 6) & 3;
        int level = page == 12 ? 2 - sl0 : 3 - sl0;
        int bits = 64 - ((int) vtcr & 0x3f);
        int least = page + stride * (3 - level) + 1;
        boolean legal = level >= (page == 12 ? 0 : 1)
                && bits >= least
                && bits < least + stride + 4
                && bits <= Math.min(paBits, 48)
                && bits >= 25
                && !(page == 12 && level == 0 && paBits < 44)
                && !(page == 14 && level == 1 && paBits < 42)
                && !(page == 16 && level == 1 && paBits < 44);
        if (!legal || ipa >>> bits != 0) {
            throw new Abort(2, 4, walk);
        }
        int out = Math.min(48, Math.min(paBits, new int[] {32, 36, 40, 42, 44, 48, 52, 56}[(int) (vtcr >>> 16) & 7]));
        int firstBits = bits - (page + stride * (3 - level));
        long table = vttbr & 0xffff_ffff_fffeL & -(8L << Math.max(3, firstBits));
        if (table >>> out != 0) {
            throw new Abort(2, 0, walk);
        }
        long left = ipa;
        while (true) {
            int shift = page + stride * (3 - level);
            long desc = memory.applyAsLong(table + 8 * (left >>> shift));
            left &= (1L << shift) - 1;
            boolean table3 = (desc & 3) == 3 && level < 3;
            boolean leaf = level == 3 ? (desc & 3) == 3 : (desc & 3) == 1 && (level == 2 || (level == 1 && page == 12));
            if (!table3 && !leaf) {
                throw new Abort(2, 4 + level, walk);
            }
            long address = desc & 0xffff_ffff_f000L & -(1L << (table3 ? page : shift));
            if (address >>> out != 0) {
                throw new Abort(2, level, walk);
            }
            if (leaf) {
                check2(desc, level, access, user, aligned, walk, device1);
                return address | left;
            }
            table = address;
            level++;
        }
    }

    private void check2(
            long desc, int level, String access, boolean user, boolean aligned, boolean walk, boolean device1) {
        if ((desc & 1 << 10) == 0) {
            throw new Abort(2, 8 + level, walk);
        }
        int memAttr = (int) desc >>> 2 & 15;
        boolean device = fwb
                ? (memAttr & 4) == 0 || (device1 && (memAttr & 7) != 6 && !access.equals(FETCH))
                : memAttr >>> 2 == 0;
        if (device && !aligned && !access.equals(FETCH)) {
            throw new Abort(2, 0x21, walk);
        }
        int xn = (int) (desc >>> 53) & 3;
        boolean allowed = switch (access) {
            case READ -> (desc & 1 << 6) != 0;
            case WRITE -> (desc & 1 << 7) != 0;
            default -> xn == 0 || xn == (user ? 1 : 3);
        };
        if (!allowed || (walk && device)) {
            throw new Abort(2, 0x0c + level, walk);
        }
    }
}
