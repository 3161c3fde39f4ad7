package dev.ipanema.arm.a64;

/// The pre-decoded form of an instruction: two longs, `word` and `imm`, which [Decoder] writes side by
/// side.
///
/// `word` holds `op` (bits 15:0, an [Op]), `rd` (23:16), `rn` (31:24), `rm` (39:32), `ra` (47:40) and `aux`
/// (63:48). The form does not depend on the address of the instruction.
///
/// ## Registers
/// A register number is an index into an array of [#REGISTER_COUNT] longs that an executor keeps: 0–30 are
/// X0–X30, [#ZR] (31) always holds 0 and is only read, [#SP] (32) is the current stack pointer, [#DISCARD]
/// (33) takes the writes to XZR and is never read. No operation has to test for register 31. A W register
/// is read as the low half and written zero-extended.
///
/// - `rd` is Rd or Rt (bits 4:0), `rn` is Rn (9:5), `rm` is Rm or Rs (20:16), `ra` is Ra or Rt2 (14:10).
/// - A field is a destination or a source as the instruction demands: Rt of a load may be [#DISCARD], Rt
///   of a store or of CBZ may be [#ZR]; the status register of STXR (`rm`) is a destination.
/// - An instruction that reads and writes one register has the destination in its field and the same
///   register as a source in `ra`: MOVK, BFM, PACIA and its like (Rd), CAS and CASP (Rs).
/// - A base register that is written back is `rn` and never ZR.
/// - CASP: the second registers are `rm` + 1 (source `ra` + 1) and `rd` + 1; they are 31 when the first
///   is 30: such a write must be dropped, such a read gives 0.
/// - An unused field is 0. Where XZR or SP has to be reported as 31 again, as in a syndrome: [#encoded(int)].
/// - SIMD registers are plain numbers 0–31.
///
/// ## imm and aux
/// | operations | imm | aux |
/// |---|---|---|
/// | ADR | byte displacement from the instruction | |
/// | ADRP | displacement to add to the instruction's address with its low 12 bits cleared | |
/// | ADD_IMM … SUBS_IMM | operand, already shifted | |
/// | AND_IMM … ANDS_IMM | bitmask, expanded; zero-extended for W | |
/// | MOV_CONST | the value Rd becomes (MOVZ, MOVN, either width) | |
/// | MOVK | imm16, shifted into place | shift amount: `rd = ra & ~(0xFFFF << aux) \| imm` |
/// | SBFM, UBFM (W: on 32 bits) | | `(rn << (aux & 63)) >> (aux >>> 8)`; UBFM `>>>` |
/// | BFM (W: on 32 bits) | mask of the bits inserted | rotation: `rd = ra & ~imm \| ror(rn, aux) & imm` |
/// | EXTR | lsb | |
/// | …_REG of the register group | | (no shift) |
/// | …_SHIFT | | amount 5:0, kind 7:6 (0 LSL, 1 LSR, 2 ASR, 3 ROR) |
/// | …_EXT of the register group | | amount 11:9, option 14:12 ([#extend(long, int)]) |
/// | CCMP, CCMN | operand of the _IMM forms | condition 3:0, nzcv 7:4 |
/// | CSEL … CSNEG | | condition 3:0 |
/// | B, BL, B_cond, CBZ, CBNZ | byte displacement | |
/// | TBZ, TBNZ | byte displacement | bit number |
/// | loads and stores | offset, scaled, also of the write-back; displacement for _LIT | [Access] bits |
/// | SVC, HVC, SMC, BRK, HLT, UDF, DCPS | imm16 | |
/// | MRS, MSR, SYS, SYSL | | `SysReg.encoding()` of the five numbers, op0 1 for SYS; `rd` is Rt |
/// | MSR_UAO … MSR_DAIFCLR | CRm | |
/// | hints | hint number, CRm:op2 | |
/// | DSB, DMB, ISB, CLREX | CRm; DSB nXS: CRm of the like DSB with [#BARRIER_NXS] set | |
/// | RMIF | rotation | mask |
/// | PRFM | as a load; nothing faults | `rd` is the prefetch operation |
/// | LD1 … ST4_LANE, LD1R … LD4R | bytes accessed | [VectorShape]; free bits: see `simd-load-store.txt` |
/// | MOVI_V, ORR_IMM_V, BIC_IMM_V | constant, repeated to 64 bits; complemented for BIC | [VectorShape] |
/// | other SIMD and floating point | index, shift, fraction bits, condition | [VectorShape] |
///
/// Loads and stores: address = base (`rn`) plus imm for _IMM and _PRE, base for _POST, base plus `rm <<
/// Access.indexShift(aux)` for _REG, base plus [#extend(long, int)] of `rm` for _EXT, the instruction's
/// address plus imm for _LIT. Exclusives, atomics, acquire and release (LDXR … CASP, LDAR, STLR, LDAPR,
/// LDTR, STTR) carry size, order and extension in the [Access] bits only; LDAPR and STLR, LDTR and STTR add
/// imm. The _V forms move SIMD registers of `1 << Access.log2Size(aux)` bytes (16 too).
///
/// SIMD and floating-point data processing: aux is a [VectorShape], imm the shift amount, the index of an element, the
/// rotation of XAR, the first byte of EXT, a condition and flags, or a constant. A scalar form has the operation of the
/// vector's (`ADD_SCALAR` is `ADD_V`), one by element (`MUL_E`) its own.
///
/// Encodings: Arm ARM DDI 0487, C4, C6 and C7.
public final class PreDecoded {
    /// How many longs one instruction takes in a decoded buffer.
    public static final int LONGS = 2;

    /// The register that reads as zero.
    public static final int ZR = 31;
    /// The current stack pointer.
    public static final int SP = 32;
    /// Where writes to XZR go; never read.
    public static final int DISCARD = 33;
    /// The size of an executor's register array.
    public static final int REGISTER_COUNT = 34;

    /// In `imm` of DSB: the barrier waits for accesses with the XS attribute clear only.
    public static final int BARRIER_NXS = 1 << 8;

    static final int RD_SHIFT = 16;
    static final int RN_SHIFT = 24;
    static final int RM_SHIFT = 32;
    static final int RA_SHIFT = 40;
    static final int AUX_SHIFT = 48;

    private static final int EXTEND_SHIFT_POSITION = 9;
    private static final int EXTEND_OPTION_POSITION = 12;

    private PreDecoded() {}

    /// {@return the operation, an [Op]}
    public static int op(long word) {
        return (int) word & 0xFFFF;
    }

    /// {@return the register of bits 4:0}
    public static int rd(long word) {
        return (int) (word >>> RD_SHIFT) & 0xFF;
    }

    /// {@return the register of bits 9:5}
    public static int rn(long word) {
        return (int) (word >>> RN_SHIFT) & 0xFF;
    }

    /// {@return the register of bits 20:16}
    public static int rm(long word) {
        return (int) (word >>> RM_SHIFT) & 0xFF;
    }

    /// {@return the register of bits 14:10, or the source copy of a register that is read and written}
    public static int ra(long word) {
        return (int) (word >>> RA_SHIFT) & 0xFF;
    }

    /// {@return the 16 bits that depend on the operation}
    public static int aux(long word) {
        return (int) (word >>> AUX_SHIFT);
    }

    /// {@return a word with these fields}
    public static long word(int op, int rd, int rn, int rm, int ra, int aux) {
        return op
                | (long) rd << RD_SHIFT
                | (long) rn << RN_SHIFT
                | (long) rm << RM_SHIFT
                | (long) ra << RA_SHIFT
                | (long) aux << AUX_SHIFT;
    }

    /// {@return the architectural number of a register: 31 for ZR, SP and DISCARD}
    public static int encoded(int register) {
        return Math.min(register, ZR);
    }

    /// {@return the shift or rotation amount in aux of a _SHIFT operation}
    public static int shiftAmount(int aux) {
        return aux & 63;
    }

    /// {@return the shift kind in aux of a _SHIFT operation: 0 LSL, 1 LSR, 2 ASR, 3 ROR}
    public static int shiftKind(int aux) {
        return aux >>> 6 & 3;
    }

    /// {@return the condition in aux}
    public static int condition(int aux) {
        return aux & 15;
    }

    /// {@return the flags NZCV (N is bit 3) that CCMP and CCMN set when the condition fails}
    public static int nzcv(int aux) {
        return aux >>> 4 & 15;
    }

    /// {@return the value extended and shifted as the option and amount in aux say (ExtendReg of the Arm ARM)}
    public static long extend(long value, int aux) {
        int amount = aux >>> EXTEND_SHIFT_POSITION & 7;
        long extended = switch (aux >>> EXTEND_OPTION_POSITION & 7) {
            case 0 -> value & 0xFFL;
            case 1 -> value & 0xFFFFL;
            case 2 -> value & 0xFFFF_FFFFL;
            case 4 -> (byte) value;
            case 5 -> (short) value;
            case 6 -> (int) value;
            default -> value;
        };
        return extended << amount;
    }

    /// {@return aux bits for an extension option and shift amount}
    static int extendBits(int option, int amount) {
        return option << EXTEND_OPTION_POSITION | amount << EXTEND_SHIFT_POSITION;
    }
}
