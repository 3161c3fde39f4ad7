package dev.ipanema.machine.mmu;

import java.util.Arrays;

/// The stage-2-only entries of one processing element's TLB: from an intermediate physical address to a
/// leaf descriptor, by VMID and size. Walks of stage 1 and the stage-2 half of a miss look here first, so
/// that a missing `TLBI IPAS2E1` shows.
///
/// An entry holds the descriptor itself: with FWB the memory type depends on stage 1 and is combined at
/// each use.
final class Stage2Tlb {
    static final int NONE = -1;

    private static final int SETS_SHIFT = 7;
    private static final int WAYS_SHIFT = 2;
    private static final int WAYS = 1 << WAYS_SHIFT;
    private static final int ENTRIES = 1 << (SETS_SHIFT + WAYS_SHIFT);
    private static final long VALID = 1L << 11;
    private static final long SHIFT_FIELD = 0x3f;
    private static final int MIN_SHIFT = 12;
    private static final int VMID_SHIFT = 16;

    private final long[] keys = new long[ENTRIES];
    private final int[] tags = new int[ENTRIES];
    private final long[] descriptors = new long[ENTRIES];
    private final long[] pas = new long[ENTRIES];
    private final byte[] levels = new byte[ENTRIES];
    private final byte[] victims = new byte[1 << SETS_SHIFT];
    private long sizes;

    /// {@return the entry for an address, or [#NONE]}
    int find(long ipa, int vmid, int config) {
        int tag = tag(vmid, config);
        for (long left = sizes; left != 0; left &= left - 1) {
            int shift = Long.numberOfTrailingZeros(left);
            long key = (ipa & -1L << shift) | VALID | shift;
            int first = set(ipa, shift) << WAYS_SHIFT;
            for (int i = first; i < first + WAYS; i++) {
                if (keys[i] == key && tags[i] == tag) {
                    return i;
                }
            }
        }
        return NONE;
    }

    long descriptor(int entry) {
        return descriptors[entry];
    }

    /// {@return the physical address of the first byte that the entry covers}
    long pa(int entry) {
        return pas[entry];
    }

    int level(int entry) {
        return levels[entry];
    }

    int shift(int entry) {
        return (int) (keys[entry] & SHIFT_FIELD);
    }

    /// Enters a leaf.
    ///
    /// @param shift log2 of the bytes it covers, contiguous group included
    void insert(long ipa, int vmid, int config, int shift, long pa, long descriptor, int level) {
        long key = (ipa & -1L << shift) | VALID | shift;
        int tag = tag(vmid, config);
        int set = set(ipa, shift);
        int entry = place(key, tag, set);
        keys[entry] = key;
        tags[entry] = tag;
        descriptors[entry] = descriptor;
        pas[entry] = pa & -1L << shift;
        levels[entry] = (byte) level;
        sizes |= 1L << shift;
    }

    private int place(long key, int tag, int set) {
        int first = set << WAYS_SHIFT;
        int free = NONE;
        for (int i = first; i < first + WAYS; i++) {
            if (keys[i] == key && tags[i] == tag) {
                return i;
            }
            if (keys[i] == 0) {
                free = i;
            }
        }
        return free != NONE ? free : first + (victims[set]++ & WAYS - 1);
    }

    /// Removes everything.
    void removeAll() {
        Arrays.fill(keys, 0);
        sizes = 0;
    }

    /// Removes everything of a VMID.
    void removeVmid(int vmid) {
        for (int i = 0; i < ENTRIES; i++) {
            if (tags[i] >>> VMID_SHIFT == vmid) {
                keys[i] = 0;
            }
        }
    }

    /// Removes what meets `[ipa, ipa + bytes)` of a VMID.
    void removeIpa(int vmid, long ipa, long bytes) {
        for (int i = 0; i < ENTRIES; i++) {
            if (keys[i] != 0 && tags[i] >>> VMID_SHIFT == vmid) {
                long leaf = keys[i] & -1L << MIN_SHIFT;
                if (leaf - ipa < bytes && ipa - leaf < 1L << shift(i)) {
                    keys[i] = 0;
                }
            }
        }
    }

    private static int tag(int vmid, int config) {
        return vmid << VMID_SHIFT | config;
    }

    private static int set(long ipa, int shift) {
        long page = ipa >>> shift;
        return (int) (page ^ page >>> SETS_SHIFT) & (1 << SETS_SHIFT) - 1;
    }
}
