package dev.ipanema.arm.register;

import org.jspecify.annotations.Nullable;

/// A TLB maintenance instruction of the EL1&0 regime: what it removes, how far it reaches, how it is
/// encoded.
///
/// The name without its suffix `IS` or `OS` is the operation proper, a [Kind]. Operands are decoded by
/// the static functions on Xt.
///
/// Source: Arm ARM DDI 0487, C5.5 "A64 System instructions for TLB maintenance".
public enum TlbiOp {
    VMALLE1OS(Kind.VMALLE1, Reach.OUTER, 0, 8, 1, 0),
    VAE1OS(Kind.VAE1, Reach.OUTER, 0, 8, 1, 1),
    ASIDE1OS(Kind.ASIDE1, Reach.OUTER, 0, 8, 1, 2),
    VAAE1OS(Kind.VAAE1, Reach.OUTER, 0, 8, 1, 3),
    VALE1OS(Kind.VALE1, Reach.OUTER, 0, 8, 1, 5),
    VAALE1OS(Kind.VAALE1, Reach.OUTER, 0, 8, 1, 7),
    RVAE1IS(Kind.RVAE1, Reach.INNER, 0, 8, 2, 1),
    RVAAE1IS(Kind.RVAAE1, Reach.INNER, 0, 8, 2, 3),
    RVALE1IS(Kind.RVALE1, Reach.INNER, 0, 8, 2, 5),
    RVAALE1IS(Kind.RVAALE1, Reach.INNER, 0, 8, 2, 7),
    VMALLE1IS(Kind.VMALLE1, Reach.INNER, 0, 8, 3, 0),
    VAE1IS(Kind.VAE1, Reach.INNER, 0, 8, 3, 1),
    ASIDE1IS(Kind.ASIDE1, Reach.INNER, 0, 8, 3, 2),
    VAAE1IS(Kind.VAAE1, Reach.INNER, 0, 8, 3, 3),
    VALE1IS(Kind.VALE1, Reach.INNER, 0, 8, 3, 5),
    VAALE1IS(Kind.VAALE1, Reach.INNER, 0, 8, 3, 7),
    RVAE1OS(Kind.RVAE1, Reach.OUTER, 0, 8, 5, 1),
    RVAAE1OS(Kind.RVAAE1, Reach.OUTER, 0, 8, 5, 3),
    RVALE1OS(Kind.RVALE1, Reach.OUTER, 0, 8, 5, 5),
    RVAALE1OS(Kind.RVAALE1, Reach.OUTER, 0, 8, 5, 7),
    RVAE1(Kind.RVAE1, Reach.LOCAL, 0, 8, 6, 1),
    RVAAE1(Kind.RVAAE1, Reach.LOCAL, 0, 8, 6, 3),
    RVALE1(Kind.RVALE1, Reach.LOCAL, 0, 8, 6, 5),
    RVAALE1(Kind.RVAALE1, Reach.LOCAL, 0, 8, 6, 7),
    VMALLE1(Kind.VMALLE1, Reach.LOCAL, 0, 8, 7, 0),
    VAE1(Kind.VAE1, Reach.LOCAL, 0, 8, 7, 1),
    ASIDE1(Kind.ASIDE1, Reach.LOCAL, 0, 8, 7, 2),
    VAAE1(Kind.VAAE1, Reach.LOCAL, 0, 8, 7, 3),
    VALE1(Kind.VALE1, Reach.LOCAL, 0, 8, 7, 5),
    VAALE1(Kind.VAALE1, Reach.LOCAL, 0, 8, 7, 7),

    IPAS2E1IS(Kind.IPAS2E1, Reach.INNER, 4, 8, 0, 1),
    RIPAS2E1IS(Kind.RIPAS2E1, Reach.INNER, 4, 8, 0, 2),
    IPAS2LE1IS(Kind.IPAS2LE1, Reach.INNER, 4, 8, 0, 5),
    RIPAS2LE1IS(Kind.RIPAS2LE1, Reach.INNER, 4, 8, 0, 6),
    ALLE1OS(Kind.ALLE1, Reach.OUTER, 4, 8, 1, 4),
    VMALLS12E1OS(Kind.VMALLS12E1, Reach.OUTER, 4, 8, 1, 6),
    ALLE1IS(Kind.ALLE1, Reach.INNER, 4, 8, 3, 4),
    VMALLS12E1IS(Kind.VMALLS12E1, Reach.INNER, 4, 8, 3, 6),
    IPAS2E1OS(Kind.IPAS2E1, Reach.OUTER, 4, 8, 4, 0),
    IPAS2E1(Kind.IPAS2E1, Reach.LOCAL, 4, 8, 4, 1),
    RIPAS2E1(Kind.RIPAS2E1, Reach.LOCAL, 4, 8, 4, 2),
    RIPAS2E1OS(Kind.RIPAS2E1, Reach.OUTER, 4, 8, 4, 3),
    IPAS2LE1OS(Kind.IPAS2LE1, Reach.OUTER, 4, 8, 4, 4),
    IPAS2LE1(Kind.IPAS2LE1, Reach.LOCAL, 4, 8, 4, 5),
    RIPAS2LE1(Kind.RIPAS2LE1, Reach.LOCAL, 4, 8, 4, 6),
    RIPAS2LE1OS(Kind.RIPAS2LE1, Reach.OUTER, 4, 8, 4, 7),
    ALLE1(Kind.ALLE1, Reach.LOCAL, 4, 8, 7, 4),
    VMALLS12E1(Kind.VMALLS12E1, Reach.LOCAL, 4, 8, 7, 6);

    /// What an operation removes, within the current VMID but for [#ALLE1].
    public enum Kind {
        /// All stage-1 and combined entries of the VMID.
        VMALLE1,
        /// Entries of one page for one ASID, and global ones.
        VAE1,
        /// All non-global entries of one ASID.
        ASIDE1,
        /// Entries of one page for every ASID.
        VAAE1,
        /// As VAE1, last level only.
        VALE1,
        /// As VAAE1, last level only.
        VAALE1,
        /// As VAE1, for a range.
        RVAE1,
        /// As VAAE1, for a range.
        RVAAE1,
        /// As VALE1, for a range.
        RVALE1,
        /// As VAALE1, for a range.
        RVAALE1,
        /// Stage-2-only entries of one IPA; combined entries stay.
        IPAS2E1,
        /// As IPAS2E1, last level only.
        IPAS2LE1,
        /// As IPAS2E1, for a range.
        RIPAS2E1,
        /// As IPAS2LE1, for a range.
        RIPAS2LE1,
        /// All entries of the VMID, of both stages.
        VMALLS12E1,
        /// All entries of the EL1&0 regime, every VMID.
        ALLE1;

        /// {@return whether Xt holds a range rather than an address}
        public boolean isRange() {
            return switch (this) {
                case RVAE1, RVAAE1, RVALE1, RVAALE1, RIPAS2E1, RIPAS2LE1 -> true;
                default -> false;
            };
        }

        /// {@return whether only last-level entries have to go}
        public boolean lastLevelOnly() {
            return switch (this) {
                case VALE1, VAALE1, RVALE1, RVAALE1, IPAS2LE1, RIPAS2LE1 -> true;
                default -> false;
            };
        }

        /// {@return whether the operand names an ASID to match}
        public boolean matchesAsid() {
            return switch (this) {
                case VAE1, VALE1, RVAE1, RVALE1, ASIDE1 -> true;
                default -> false;
            };
        }
    }

    /// Which PEs an operation reaches.
    public enum Reach {
        /// This PE.
        LOCAL,
        /// The Inner Shareable domain.
        INNER,
        /// The Outer Shareable domain.
        OUTER
    }

    private static final TlbiOp[] BY_ENCODING = new TlbiOp[SysReg.ENCODINGS];

    static {
        for (TlbiOp op : values()) {
            BY_ENCODING[op.encoding] = op;
        }
    }

    private final Kind kind;
    private final Reach reach;
    private final int encoding;

    TlbiOp(Kind kind, Reach reach, int op1, int crn, int crm, int op2) {
        this.kind = kind;
        this.reach = reach;
        this.encoding = SysReg.encoding(1, op1, crn, crm, op2);
    }

    /// {@return the operation with this 16-bit encoding (see [SysReg#encoding()]), or null}
    public static @Nullable TlbiOp of(int encoding) {
        return BY_ENCODING[encoding & (SysReg.ENCODINGS - 1)];
    }

    /// {@return what the operation removes}
    public Kind kind() {
        return kind;
    }

    /// {@return how far it reaches}
    public Reach reach() {
        return reach;
    }

    /// {@return the encoding packed as [SysReg#encoding()] packs it, op0 = 1}
    public int encoding() {
        return encoding;
    }

    /// {@return whether EL1 may execute it; the others are UNDEFINED there}
    public boolean allowedAtEl1() {
        return (encoding >>> 11 & 7) == 0;
    }

    /// {@return the ASID in Xt}
    public static int asid(long xt) {
        return (int) (xt >>> 48) & 0xffff;
    }

    /// {@return the virtual address in Xt, sign-extended from bit 55, its low 12 bits zero}
    public static long va(long xt) {
        return xt << 20 >> 8;
    }

    /// {@return the intermediate physical address in Xt of IPAS2E1, its low 12 bits zero}
    public static long ipa(long xt) {
        return (xt & 0xff_ffff_ffffL) << 12;
    }

    /// {@return Xt of an address form, with an unknown level}
    public static long operand(long address, int asid) {
        return (long) asid << 48 | (address >>> 12 & 0xfff_ffff_ffffL);
    }

    /// {@return the translation granule of a range form, log2 of bytes: 12, 14 or 16; 0 when TG is
    /// reserved}
    public static int rangeShift(long xt) {
        int tg = (int) (xt >>> 46) & 3;
        return tg == 0 ? 0 : 10 + 2 * tg;
    }

    /// {@return the first address of a range of VAs}
    ///
    /// @param bits52 whether BaseADDR counts 64 KiB units, as it does with 52-bit addresses of the 4 and
    ///     16 KiB granules
    public static long rangeVa(long xt, boolean bits52) {
        return xt << 27 >> 27 << baseShift(xt, bits52);
    }

    /// {@return the first address of a range of IPAs}
    public static long rangeIpa(long xt, boolean bits52) {
        return (xt & 0x1f_ffff_ffffL) << baseShift(xt, bits52);
    }

    /// {@return the bytes in a range: (NUM + 1) · 2^(5·SCALE + 1) granules}
    public static long rangeBytes(long xt) {
        long num = xt >>> 39 & 0x1f;
        int scale = (int) (xt >>> 44) & 3;
        return (num + 1) << (5 * scale + 1 + rangeShift(xt));
    }

    /// {@return Xt of a range form, with an unknown level}
    ///
    /// @param address a multiple of the granule
    /// @param shift log2 of the granule: 12, 14 or 16
    /// @param scale 0 to 3
    /// @param num 0 to 31
    public static long rangeOperand(long address, int shift, int scale, int num, int asid) {
        return (long) asid << 48
                | (long) ((shift - 10) >>> 1) << 46
                | (long) scale << 44
                | (long) num << 39
                | (address >>> shift & 0x1f_ffff_ffffL);
    }

    private static int baseShift(long xt, boolean bits52) {
        return bits52 ? 16 : rangeShift(xt);
    }
}
