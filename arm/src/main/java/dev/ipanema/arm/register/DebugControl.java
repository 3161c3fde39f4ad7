package dev.ipanema.arm.register;

import java.util.Arrays;

/// Fields of `DBGBCR<n>_EL1` and `DBGWCR<n>_EL1`, and what they match.
///
/// Source: Arm ARM DDI 0487, D2.8 and D2.9; `AArch64.StateMatch`, `AArch64.WatchpointByteMatch`.
public final class DebugControl {
    /// The breakpoint or watchpoint is on.
    public static final long E = 1;

    /// LSC of a watchpoint: loads.
    public static final int LSC_LOAD = 1;

    /// LSC of a watchpoint: stores.
    public static final int LSC_STORE = 2;

    /// BT of a breakpoint on an address, not linked.
    public static final int BT_ADDRESS = 0;

    /// BT of a breakpoint on an address, linked to a context.
    public static final int BT_ADDRESS_LINKED = 1;

    /// BT of a breakpoint on CONTEXTIDR_EL1, not linked.
    public static final int BT_CONTEXT = 2;

    /// BT of a context that others are linked to.
    public static final int BT_CONTEXT_LINKED = 3;

    private static final int PAC_SHIFT = 1;
    private static final int LSC_SHIFT = 3;
    private static final int BAS_SHIFT = 5;
    private static final int HMC_SHIFT = 13;
    private static final int SSC_SHIFT = 14;
    private static final int LBN_SHIFT = 16;
    private static final int TYPE_SHIFT = 20;
    private static final int MASK_SHIFT = 24;
    private static final int DOUBLEWORD = 8;

    /// The low bits of an instruction's address, and the bits above the widest virtual address: no breakpoint compares
    /// them.
    private static final long COMPARED = -1L >>> 8 & -4L;

    private DebugControl() {}

    /// {@return the registers of one kind, by number}
    ///
    /// @param kind `DBGBCR`, `DBGBVR`, `DBGWCR` or `DBGWVR`
    public static SysReg[] registers(String kind) {
        return Arrays.stream(SysReg.values())
                .filter(reg -> reg.name().startsWith(kind))
                .toArray(SysReg[]::new);
    }

    /// {@return whether a breakpoint's DBGBVR names the address of an instruction}
    public static boolean namesAddress(long value, long pc) {
        return ((value ^ pc) & COMPARED) == 0;
    }

    /// {@return a control word that is on at EL1 and EL0 in both Security states}
    ///
    /// @param lsc loads and stores watched; 0 for a breakpoint
    /// @param bas byte address select: 0xF for an A64 breakpoint, for a watchpoint a run of bits
    /// @param mask how many low address bits are ignored, 0 or 3 to 31
    public static long of(int lsc, int bas, int mask) {
        return E | 3 << PAC_SHIFT | lsc << LSC_SHIFT | bas << BAS_SHIFT | (long) mask << MASK_SHIFT;
    }

    /// {@return whether it is on at an Exception level, 0 or 1, of the Non-secure state}
    public static boolean isOnAt(long control, int el) {
        if ((control & E) == 0) {
            return false;
        }
        int ssc = (int) (control >>> SSC_SHIFT) & 3;
        boolean hmc = (control >>> HMC_SHIFT & 1) != 0;
        int pac = (int) (control >>> PAC_SHIFT) & 3;
        boolean secureOnly = ssc == 2 && !hmc;
        if (secureOnly || (ssc == 3 && !hmc)) {
            return false;
        }
        return (pac >>> (el == 0 ? 1 : 0) & 1) != 0;
    }

    /// {@return the type of a breakpoint, `BT`}
    public static int breakpointType(long control) {
        return (int) (control >>> TYPE_SHIFT) & 0xf;
    }

    /// {@return whether a watchpoint is linked to a context, `WT`}
    public static boolean isLinkedWatchpoint(long control) {
        return (control >>> TYPE_SHIFT & 1) != 0;
    }

    /// {@return the number of the linked context breakpoint}
    public static int linked(long control) {
        return (int) (control >>> LBN_SHIFT) & 0xf;
    }

    /// {@return loads and stores that a watchpoint watches, LSC_… bits}
    public static int lsc(long control) {
        return (int) (control >>> LSC_SHIFT) & 3;
    }

    /// {@return whether an access of `bytes` at `va` touches what a watchpoint watches}
    ///
    /// @param value DBGWVR of the watchpoint
    public static boolean watches(long control, long value, long va, int bytes) {
        int mask = (int) (control >>> MASK_SHIFT) & 0x1f;
        if (mask >= 3) {
            long size = 1L << mask;
            long base = value & -size;
            return va + bytes > base && va < base + size;
        }
        int bas = (int) (control >>> BAS_SHIFT) & 0xff;
        long base = value & -DOUBLEWORD;
        for (int i = 0; i < DOUBLEWORD; i++) {
            long watched = base + i;
            if ((bas >>> i & 1) != 0 && watched >= va && watched < va + bytes) {
                return true;
            }
        }
        return false;
    }
}
