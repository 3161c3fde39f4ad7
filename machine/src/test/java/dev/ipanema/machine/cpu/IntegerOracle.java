package dev.ipanema.machine.cpu;

import java.math.BigInteger;

/// A second, slow implementation of the integer instructions, straight from the encodings and the pseudocode of the Arm
/// ARM (C4.1, C6.2): nothing of it is shared with the interpreter or the decoder. 64-bit quantities are [BigInteger]s
/// where overflow matters.
final class IntegerOracle {
    final long[] x = new long[31];
    long sp;
    int nzcv;

    private static final BigInteger TWO64 = BigInteger.ONE.shiftLeft(64);

    private long reg(int n) {
        return n == 31 ? 0 : x[n];
    }

    private long regOrSp(int n) {
        return n == 31 ? sp : x[n];
    }

    private void set(int d, long value, int size) {
        if (d != 31) {
            x[d] = cut(value, size);
        }
    }

    private void setOrSp(int d, long value, int size) {
        if (d == 31) {
            sp = cut(value, size);
        } else {
            x[d] = cut(value, size);
        }
    }

    private static long cut(long value, int size) {
        return size == 64 ? value : value & (1L << size) - 1;
    }

    private static long signed(long value, int size) {
        return value << 64 - size >> 64 - size;
    }

    private static int bits(int insn, int high, int low) {
        return insn >>> low & (1 << high - low + 1) - 1;
    }

    private static BigInteger unsignedBig(long value) {
        BigInteger big = BigInteger.valueOf(value);
        return value < 0 ? big.add(TWO64) : big;
    }

    /// AddWithCarry: the result; sets [#flags].
    private long add(long a, long b, int carry, int size) {
        BigInteger unsigned =
                unsignedBig(cut(a, size)).add(unsignedBig(cut(b, size))).add(BigInteger.valueOf(carry));
        BigInteger sum = BigInteger.valueOf(signed(a, size))
                .add(BigInteger.valueOf(signed(b, size)))
                .add(BigInteger.valueOf(carry));
        long result = cut(unsigned.longValue(), size);
        boolean n = signed(result, size) < 0;
        boolean z = result == 0;
        boolean c = unsigned.bitLength() > size;
        boolean v = !sum.equals(BigInteger.valueOf(signed(result, size)));
        flags = (n ? 8 : 0) | (z ? 4 : 0) | (c ? 2 : 0) | (v ? 1 : 0);
        return result;
    }

    private int flags;

    private boolean holds(int condition) {
        boolean n = (nzcv & 8) != 0;
        boolean z = (nzcv & 4) != 0;
        boolean c = (nzcv & 2) != 0;
        boolean v = (nzcv & 1) != 0;
        return switch (condition) {
            case 0 -> z;
            case 1 -> !z;
            case 2 -> c;
            case 3 -> !c;
            case 4 -> n;
            case 5 -> !n;
            case 6 -> v;
            case 7 -> !v;
            case 8 -> c && !z;
            case 9 -> !c || z;
            case 10 -> n == v;
            case 11 -> n != v;
            case 12 -> !z && n == v;
            case 13 -> z || n != v;
            default -> true;
        };
    }

    /// Executes an instruction of the data-processing groups at an address.
    ///
    /// @return false when the encoding is unallocated; nothing changes then
    boolean execute(int insn, long pc) {
        return switch (bits(insn, 28, 25)) {
            case 8, 9 -> immediate(insn, pc);
            case 5, 13 -> register(insn);
            default -> throw new IllegalArgumentException(Integer.toHexString(insn));
        };
    }

    private boolean immediate(int insn, long pc) {
        return switch (bits(insn, 25, 23)) {
            case 0, 1 -> pcRelative(insn, pc);
            case 2 -> addSubImmediate(insn);
            case 4 -> logicalImmediate(insn);
            case 5 -> moveWide(insn);
            case 6 -> bitfield(insn);
            case 7 -> extract(insn);
            default -> false;
        };
    }

    private boolean pcRelative(int insn, long pc) {
        long imm = signed((long) bits(insn, 23, 5) << 2 | bits(insn, 30, 29), 21);
        long value = insn < 0 ? (pc & ~0xfffL) + (imm << 12) : pc + imm;
        set(bits(insn, 4, 0), value, 64);
        return true;
    }

    private boolean addSubImmediate(int insn) {
        int size = insn < 0 ? 64 : 32;
        long imm = (long) bits(insn, 21, 10) << (bits(insn, 22, 22) == 1 ? 12 : 0);
        addSub(insn, size, regOrSp(bits(insn, 9, 5)), imm, true);
        return true;
    }

    private void addSub(int insn, int size, long a, long b, boolean spWithoutFlags) {
        boolean sub = bits(insn, 30, 30) == 1;
        long result = sub ? add(a, ~b, 1, size) : add(a, b, 0, size);
        if (bits(insn, 29, 29) == 1) {
            nzcv = flags;
            set(bits(insn, 4, 0), result, size);
        } else if (spWithoutFlags) {
            setOrSp(bits(insn, 4, 0), result, size);
        } else {
            set(bits(insn, 4, 0), result, size);
        }
    }

    /// DecodeBitMasks, element by element.
    private boolean logicalImmediate(int insn) {
        int size = insn < 0 ? 64 : 32;
        int n = bits(insn, 22, 22);
        int imms = bits(insn, 15, 10);
        int immr = bits(insn, 21, 16);
        if (size == 32 && n == 1) {
            return false;
        }
        int combined = n << 6 | ~imms & 0x3f;
        if (combined == 0) {
            return false;
        }
        int length = 31 - Integer.numberOfLeadingZeros(combined);
        if (length < 1) {
            return false;
        }
        int element = 1 << length;
        int s = imms & element - 1;
        int r = immr & element - 1;
        if (s == element - 1) {
            return false;
        }
        long mask = 0;
        for (int bit = 0; bit < size; bit++) {
            // Bit `bit` of the result is bit (bit + r) of s + 1 ones, within its element.
            if ((bit % element + r) % element <= s) {
                mask |= 1L << bit;
            }
        }
        logical(insn, size, reg(bits(insn, 9, 5)), mask, false, true);
        return true;
    }

    private void logical(int insn, int size, long a, long b, boolean invert, boolean spWithoutFlags) {
        long operand = invert ? ~b : b;
        int opc = bits(insn, 30, 29);
        long result = cut(
                switch (opc) {
                    case 1 -> a | operand;
                    case 2 -> a ^ operand;
                    default -> a & operand;
                },
                size);
        if (opc == 3) {
            nzcv = (signed(result, size) < 0 ? 8 : 0) | (result == 0 ? 4 : 0);
        }
        if (spWithoutFlags && opc != 3) {
            setOrSp(bits(insn, 4, 0), result, size);
        } else {
            set(bits(insn, 4, 0), result, size);
        }
    }

    private boolean moveWide(int insn) {
        int size = insn < 0 ? 64 : 32;
        int opc = bits(insn, 30, 29);
        int shift = bits(insn, 22, 21) * 16;
        if (opc == 1 || shift >= size) {
            return false;
        }
        long imm = (long) bits(insn, 20, 5) << shift;
        int d = bits(insn, 4, 0);
        switch (opc) {
            case 0 -> set(d, ~imm, size);
            case 2 -> set(d, imm, size);
            default -> set(d, reg(d) & ~(0xffffL << shift) | imm, size);
        }
        return true;
    }

    private boolean bitfield(int insn) {
        int size = insn < 0 ? 64 : 32;
        int opc = bits(insn, 30, 29);
        int r = bits(insn, 21, 16);
        int s = bits(insn, 15, 10);
        if (opc == 3 || bits(insn, 22, 22) != insn >>> 31 || r >= size || s >= size) {
            return false;
        }
        int d = bits(insn, 4, 0);
        long source = cut(reg(bits(insn, 9, 5)), size);
        long result = opc == 1 ? cut(reg(d), size) : 0;
        // S >= R: bits S:R go to the bottom; else bits S:0 go up to position size - R.
        int width = s >= r ? s - r + 1 : s + 1;
        int from = s >= r ? r : 0;
        int to = s >= r ? 0 : size - r;
        for (int i = 0; i < width; i++) {
            long bit = source >>> from + i & 1;
            result = result & ~(1L << to + i) | bit << to + i;
        }
        if (opc == 0 && (source >>> s & 1) == 1) {
            for (int i = to + width; i < size; i++) {
                result |= 1L << i;
            }
        }
        set(d, result, size);
        return true;
    }

    private boolean extract(int insn) {
        int size = insn < 0 ? 64 : 32;
        int lsb = bits(insn, 15, 10);
        if (bits(insn, 30, 29) != 0 || bits(insn, 21, 21) != 0 || bits(insn, 22, 22) != insn >>> 31 || lsb >= size) {
            return false;
        }
        BigInteger both = unsignedBig(cut(reg(bits(insn, 9, 5)), size))
                .shiftLeft(size)
                .or(unsignedBig(cut(reg(bits(insn, 20, 16)), size)));
        set(bits(insn, 4, 0), both.shiftRight(lsb).longValue(), size);
        return true;
    }

    private boolean register(int insn) {
        if (bits(insn, 28, 28) == 0) {
            return bits(insn, 24, 24) == 0
                    ? logicalShifted(insn)
                    : bits(insn, 21, 21) == 0 ? addSubShifted(insn) : addSubExtended(insn);
        }
        return switch (bits(insn, 24, 21)) {
            case 0 -> addSubCarry(insn);
            case 2 -> conditionalCompare(insn);
            case 4 -> conditionalSelect(insn);
            case 6 -> bits(insn, 30, 30) == 1 ? oneSource(insn) : twoSource(insn);
            case 8, 9, 10, 11, 12, 13, 14, 15 -> threeSource(insn);
            default -> false;
        };
    }

    private static long shift(long value, int kind, int amount, int size) {
        long cut = cut(value, size);
        return cut(
                switch (kind) {
                    case 0 -> cut << amount;
                    case 1 -> cut >>> amount;
                    case 2 -> signed(cut, size) >> amount;
                    default -> amount == 0 ? cut : cut >>> amount | cut << size - amount;
                },
                size);
    }

    private boolean logicalShifted(int insn) {
        int size = insn < 0 ? 64 : 32;
        int amount = bits(insn, 15, 10);
        if (amount >= size) {
            return false;
        }
        long b = shift(reg(bits(insn, 20, 16)), bits(insn, 23, 22), amount, size);
        logical(insn, size, reg(bits(insn, 9, 5)), b, bits(insn, 21, 21) == 1, false);
        return true;
    }

    private boolean addSubShifted(int insn) {
        int size = insn < 0 ? 64 : 32;
        int amount = bits(insn, 15, 10);
        if (amount >= size || bits(insn, 23, 22) == 3) {
            return false;
        }
        long b = shift(reg(bits(insn, 20, 16)), bits(insn, 23, 22), amount, size);
        addSub(insn, size, reg(bits(insn, 9, 5)), b, false);
        return true;
    }

    private boolean addSubExtended(int insn) {
        int size = insn < 0 ? 64 : 32;
        int amount = bits(insn, 12, 10);
        if (amount > 4 || bits(insn, 23, 22) != 0) {
            return false;
        }
        int option = bits(insn, 15, 13);
        int width = 8 << (option & 3);
        long m = reg(bits(insn, 20, 16));
        long extended = option >= 4 ? signed(m, width) : cut(m, width);
        addSub(insn, size, regOrSp(bits(insn, 9, 5)), extended << amount, true);
        return true;
    }

    private boolean addSubCarry(int insn) {
        if (bits(insn, 15, 10) != 0) {
            return false;
        }
        int size = insn < 0 ? 64 : 32;
        long m = reg(bits(insn, 20, 16));
        long result = add(reg(bits(insn, 9, 5)), bits(insn, 30, 30) == 1 ? ~m : m, nzcv >>> 1 & 1, size);
        if (bits(insn, 29, 29) == 1) {
            nzcv = flags;
        }
        set(bits(insn, 4, 0), result, size);
        return true;
    }

    private boolean conditionalCompare(int insn) {
        if (bits(insn, 29, 29) != 1 || bits(insn, 10, 10) != 0 || bits(insn, 4, 4) != 0) {
            return false;
        }
        int size = insn < 0 ? 64 : 32;
        long b = bits(insn, 11, 11) == 1 ? bits(insn, 20, 16) : reg(bits(insn, 20, 16));
        if (holds(bits(insn, 15, 12))) {
            long a = reg(bits(insn, 9, 5));
            if (bits(insn, 30, 30) == 1) {
                add(a, ~b, 1, size);
            } else {
                add(a, b, 0, size);
            }
            nzcv = flags;
        } else {
            nzcv = bits(insn, 3, 0);
        }
        return true;
    }

    private boolean conditionalSelect(int insn) {
        if (bits(insn, 29, 29) != 0 || bits(insn, 11, 11) != 0) {
            return false;
        }
        int size = insn < 0 ? 64 : 32;
        long result;
        if (holds(bits(insn, 15, 12))) {
            result = reg(bits(insn, 9, 5));
        } else {
            result = reg(bits(insn, 20, 16));
            result = bits(insn, 30, 30) == 1 ? ~result : result;
            result = bits(insn, 10, 10) == 1 ? result + 1 : result;
        }
        set(bits(insn, 4, 0), result, size);
        return true;
    }

    private boolean twoSource(int insn) {
        if (bits(insn, 29, 29) != 0) {
            return false;
        }
        int size = insn < 0 ? 64 : 32;
        int opcode = bits(insn, 15, 10);
        long n = cut(reg(bits(insn, 9, 5)), size);
        long m = cut(reg(bits(insn, 20, 16)), size);
        long result;
        switch (opcode) {
            case 2 ->
                result = m == 0 ? 0 : unsignedBig(n).divide(unsignedBig(m)).longValue();
            case 3 ->
                result = m == 0
                        ? 0
                        : BigInteger.valueOf(signed(n, size))
                                .divide(BigInteger.valueOf(signed(m, size)))
                                .longValue();
            case 8, 9, 10, 11 -> result = shift(n, opcode & 3, (int) (m % size + size) % size, size);
            case 16, 17, 18, 19, 20, 21, 22, 23 -> {
                int log2 = opcode & 3;
                if ((size == 64) != (log2 == 3)) {
                    return false;
                }
                int polynomial = opcode < 20 ? 0x04c11db7 : 0x1edc6f41;
                result = crc((int) reg(bits(insn, 9, 5)), reg(bits(insn, 20, 16)), 8 << log2, polynomial);
                set(bits(insn, 4, 0), result, 32);
                return true;
            }
            default -> {
                return false;
            }
        }
        set(bits(insn, 4, 0), result, size);
        return true;
    }

    /// The pseudocode's way: polynomial division of the bit-reversed message (Poly32Mod2).
    private static long crc(int accumulator, long data, int size, int polynomial) {
        BigInteger acc =
                unsignedBig(Integer.reverse(accumulator) & 0xffff_ffffL).shiftLeft(size);
        long reversed = Long.reverse(cut(data, size)) >>> 64 - size;
        BigInteger message = acc.xor(unsignedBig(reversed).shiftLeft(32));
        BigInteger divisor = unsignedBig(polynomial & 0xffff_ffffL).setBit(32);
        for (int bit = size + 31; bit >= 32; bit--) {
            if (message.testBit(bit)) {
                message = message.xor(divisor.shiftLeft(bit - 32));
            }
        }
        return Integer.reverse(message.intValue()) & 0xffff_ffffL;
    }

    private boolean oneSource(int insn) {
        int size = insn < 0 ? 64 : 32;
        if (bits(insn, 29, 29) != 0 || bits(insn, 20, 16) != 0) {
            return false;
        }
        long n = cut(reg(bits(insn, 9, 5)), size);
        long result = 0;
        switch (bits(insn, 15, 10)) {
            case 0 -> result = Long.reverse(n) >>> 64 - size;
            case 1 -> result = reverseBytes(n, size, 2);
            case 2 -> result = reverseBytes(n, size, 4);
            case 3 -> {
                if (size == 32) {
                    return false;
                }
                result = reverseBytes(n, size, 8);
            }
            case 4 -> result = leading(n, size, 0);
            case 5 -> result = leading(n, size, (int) (n >>> size - 1)) - 1;
            default -> {
                return false;
            }
        }
        set(bits(insn, 4, 0), result, size);
        return true;
    }

    private static long reverseBytes(long value, int size, int container) {
        long result = 0;
        for (int i = 0; i < size / 8; i++) {
            int to = i / container * container + container - 1 - i % container;
            result |= (value >>> 8 * i & 0xff) << 8 * to;
        }
        return result;
    }

    private static int leading(long value, int size, int bit) {
        int count = 0;
        while (count < size && (value >>> size - 1 - count & 1) == bit) {
            count++;
        }
        return count;
    }

    private boolean threeSource(int insn) {
        int size = insn < 0 ? 64 : 32;
        int op31 = bits(insn, 23, 21);
        boolean subtract = bits(insn, 15, 15) == 1;
        if (bits(insn, 30, 29) != 0 || size == 32 && op31 != 0) {
            return false;
        }
        BigInteger n = unsignedBig(reg(bits(insn, 9, 5)));
        BigInteger m = unsignedBig(reg(bits(insn, 20, 16)));
        BigInteger a = unsignedBig(reg(bits(insn, 14, 10)));
        BigInteger product;
        switch (op31) {
            case 0 -> product = n.multiply(m);
            case 1 -> product = BigInteger.valueOf(n.intValue()).multiply(BigInteger.valueOf(m.intValue()));
            case 5 ->
                product = BigInteger.valueOf(n.intValue() & 0xffff_ffffL)
                        .multiply(BigInteger.valueOf(m.intValue() & 0xffff_ffffL));
            case 2, 6 -> {
                if (subtract) {
                    return false;
                }
                boolean isSigned = op31 == 2;
                BigInteger left = isSigned ? BigInteger.valueOf(n.longValue()) : n;
                BigInteger right = isSigned ? BigInteger.valueOf(m.longValue()) : m;
                set(bits(insn, 4, 0), left.multiply(right).shiftRight(64).longValue(), 64);
                return true;
            }
            default -> {
                return false;
            }
        }
        BigInteger result = subtract ? a.subtract(product) : a.add(product);
        set(bits(insn, 4, 0), result.longValue(), size);
        return true;
    }
}
