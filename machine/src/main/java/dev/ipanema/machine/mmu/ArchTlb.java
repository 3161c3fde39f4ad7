package dev.ipanema.machine.mmu;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.base.text.Sizes;
import java.util.Arrays;
import java.util.function.Consumer;

/// The architectural TLB of one processing element: combined entries of both stages, from a virtual
/// address to a physical one, by VMID, ASID or global, and size. Stale entries stay until a TLBI or
/// replacement removes them, as in hardware.
///
/// Each entry also knows how much its stage-1 leaf covers, which is more than the entry itself where
/// stage 2 is mapped by smaller leaves: TLBI by address removes all entries of the stage-1 leaf.
///
/// Entries made under another *configuration* (registers that are not part of a tag: SCTLR, TCR, MAIR,
/// HCR, VTCR) do not match; TLBI removes them all the same.
///
/// Invariant `own-thread` of [SoftTlb] holds here too.
final class ArchTlb {
    static final int NONE = -1;

    private static final int SETS_SHIFT = 8;
    private static final int WAYS_SHIFT = 2;
    private static final int WAYS = 1 << WAYS_SHIFT;
    private static final int ENTRIES = 1 << (SETS_SHIFT + WAYS_SHIFT);

    /// A key is bits 55:12 of the address, aligned to the size, with these in its low bits.
    private static final long VALID = 1L << 11;

    private static final long NOT_GLOBAL = 1L << 10;
    private static final long SHIFT_FIELD = 0x3f;
    private static final long ADDRESS = (1L << 56) - 1;
    private static final int MIN_SHIFT = 12;

    private static final int VMID_SHIFT = 32;
    private static final int CONFIG_SHIFT = 16;
    private static final long ASID_FIELD = 0xffff;
    private static final int LEVEL_BIAS = 1;

    private final long[] keys = new long[ENTRIES];
    private final long[] tags = new long[ENTRIES];
    private final long[] ipas = new long[ENTRIES];
    private final long[] pas = new long[ENTRIES];
    private final int[] rights = new int[ENTRIES];
    private final long[] attributes = new long[ENTRIES];
    private final int[] leaves = new int[ENTRIES];
    private final byte[] victims = new byte[1 << SETS_SHIFT];
    private final SoftTlb soft;

    /// Bit n: an entry of size 2^n may exist.
    private long sizes;

    ArchTlb(SoftTlb soft) {
        this.soft = soft;
    }

    /// {@return the entry for an address, or [#NONE]}
    int find(long va, int vmid, int asid, int config) {
        long address = va & ADDRESS;
        long wanted = tag(vmid, config, 0);
        for (long left = sizes; left != 0; left &= left - 1) {
            int shift = Long.numberOfTrailingZeros(left);
            long key = (address & -1L << shift) | VALID | shift;
            int set = set(address, shift) << WAYS_SHIFT;
            for (int i = set; i < set + WAYS; i++) {
                if ((keys[i] & ~NOT_GLOBAL) == key
                        && (tags[i] & ~ASID_FIELD) == wanted
                        && ((keys[i] & NOT_GLOBAL) == 0 || (tags[i] & ASID_FIELD) == asid)) {
                    return i;
                }
            }
        }
        return NONE;
    }

    /// Reads an entry that [#find] has found for `va`.
    void read(int entry, long va, Translation into) {
        int shift = (int) (keys[entry] & SHIFT_FIELD);
        long offset = va & (1L << shift) - 1;
        into.va = va;
        into.ipa = ipas[entry] | offset;
        into.pa = pas[entry] | offset;
        into.rights = rights[entry];
        long types = attributes[entry];
        into.s1Attributes = (int) types & 0xffff;
        into.attributes = (int) (types >>> 16) & 0xffff;
        into.s1FetchAttributes = (int) (types >>> 32) & 0xffff;
        into.fetchAttributes = (int) (types >>> 48) & 0xffff;
        into.shift = shift;
        into.s1Shift = leaves[entry] & 0xff;
        into.s1Level = (leaves[entry] >>> 8 & 0xff) - LEVEL_BIAS;
        into.s2Level = (leaves[entry] >>> 16 & 0xff) - LEVEL_BIAS;
        into.global = (keys[entry] & NOT_GLOBAL) == 0;
    }

    /// Enters a translation, in the place of one for the same address or of another.
    void insert(Translation from, int vmid, int asid, int config) {
        long address = from.va & ADDRESS & -1L << from.shift;
        long key = address | VALID | from.shift | (from.global ? 0 : NOT_GLOBAL);
        long tag = tag(vmid, config, asid);
        int entry = place(key, tag, set(address, from.shift));
        remove(entry);
        long inside = (1L << from.shift) - 1;
        keys[entry] = key;
        tags[entry] = tag;
        ipas[entry] = from.ipa & ~inside;
        pas[entry] = from.pa & ~inside;
        rights[entry] = from.rights;
        attributes[entry] = from.s1Attributes
                | (long) from.attributes << 16
                | (long) from.s1FetchAttributes << 32
                | (long) from.fetchAttributes << 48;
        leaves[entry] = from.s1Shift | (from.s1Level + LEVEL_BIAS) << 8 | (from.s2Level + LEVEL_BIAS) << 16;
        sizes |= 1L << from.shift;
    }

    private int place(long key, long tag, int set) {
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

    /// Removes an entry and, by `soft-within-arch`, its fragments.
    private void remove(int entry) {
        if (keys[entry] != 0) {
            soft.drop(keys[entry] & -1L << MIN_SHIFT, (int) (keys[entry] & SHIFT_FIELD));
            keys[entry] = 0;
        }
    }

    /// Removes every entry. The caller retires the generations of the software TLB.
    void removeAll() {
        Arrays.fill(keys, 0);
        sizes = 0;
    }

    /// Removes every entry of a VMID. The caller retires the generations of the software TLB.
    void removeVmid(int vmid) {
        for (int i = 0; i < ENTRIES; i++) {
            if (tags[i] >>> VMID_SHIFT == vmid) {
                keys[i] = 0;
            }
        }
    }

    /// Removes every entry of a VMID and ASID that is not global. The caller retires the generations of
    /// the software TLB.
    void removeAsid(int vmid, int asid) {
        for (int i = 0; i < ENTRIES; i++) {
            if ((keys[i] & NOT_GLOBAL) != 0 && tags[i] >>> VMID_SHIFT == vmid && (tags[i] & ASID_FIELD) == asid) {
                keys[i] = 0;
            }
        }
    }

    /// Removes the entries of a VMID whose stage-1 leaf meets `[va, va + bytes)`.
    ///
    /// @param va an address, sign-extended from bit 55
    /// @param asid the ASID of entries that are not global, or -1 for every ASID
    void removeVa(int vmid, int asid, long va, long bytes) {
        for (int i = 0; i < ENTRIES; i++) {
            if (keys[i] != 0
                    && tags[i] >>> VMID_SHIFT == vmid
                    && (asid < 0 || (keys[i] & NOT_GLOBAL) == 0 || (tags[i] & ASID_FIELD) == asid)
                    && meets(i, va, bytes)) {
                remove(i);
            }
        }
    }

    private boolean meets(int entry, long va, long bytes) {
        long size = 1L << (leaves[entry] & 0xff);
        long leaf = keys[entry] << 8 >> 8 & -size & -1L << MIN_SHIFT;
        return leaf - va < bytes && va - leaf < size;
    }

    /// {@return how many entries there are}
    int count() {
        int count = 0;
        for (long key : keys) {
            count += key != 0 ? 1 : 0;
        }
        return count;
    }

    private static long tag(int vmid, int config, int asid) {
        return (long) vmid << VMID_SHIFT | (long) config << CONFIG_SHIFT | asid;
    }

    private static int set(long address, int shift) {
        long page = address >>> shift;
        return (int) (page ^ page >>> SETS_SHIFT) & (1 << SETS_SHIFT) - 1;
    }

    /// Gives each entry in one line, for a person.
    void describe(Consumer<String> lines) {
        for (int i = 0; i < ENTRIES; i++) {
            if (keys[i] == 0) {
                continue;
            }
            int shift = (int) (keys[i] & SHIFT_FIELD);
            long address = keys[i] & ADDRESS & -1L << shift;
            long va = address << 8 >> 8;
            boolean global = (keys[i] & NOT_GLOBAL) == 0;
            lines.accept("va 0x%016x size %s vmid %d %s ipa 0x%x pa 0x%x %s"
                    .formatted(
                            va,
                            Sizes.format(1L << shift),
                            tags[i] >>> VMID_SHIFT,
                            global ? "global" : "asid " + (tags[i] & ASID_FIELD),
                            ipas[i],
                            pas[i],
                            MemoryAttributes.ofPacked((int) (attributes[i] >>> 16) & 0xffff)));
        }
    }
}
