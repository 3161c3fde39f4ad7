package dev.ipanema.arm.simd;

/// The field of 256 elements, for the tables of AES and SM4: polynomials over {0, 1} modulo one of degree 8.
final class Gf256 {
    private final int modulus;

    /// @param modulus an irreducible polynomial, bit 8 set
    Gf256(int modulus) {
        this.modulus = modulus;
    }

    int multiply(int a, int b) {
        int product = 0;
        int factor = a;
        for (int rest = b; rest != 0; rest >>>= 1) {
            if ((rest & 1) != 0) {
                product ^= factor;
            }
            factor <<= 1;
            if ((factor & 0x100) != 0) {
                factor ^= modulus;
            }
        }
        return product;
    }

    /// {@return 1/a, 0 for 0}: the 254th power
    int inverse(int a) {
        int result = 1;
        int power = a;
        for (int exponent = 254; exponent != 0; exponent >>>= 1) {
            if ((exponent & 1) != 0) {
                result = multiply(result, power);
            }
            power = multiply(power, power);
        }
        return result;
    }

    /// {@return the byte whose bit i is the parity of the bits of `a` that `row`, rotated left by i, has}
    static int transform(int a, int row) {
        int result = 0;
        for (int i = 0; i < Byte.SIZE; i++) {
            int rotated = (row << i | row >>> (Byte.SIZE - i)) & 0xFF;
            result |= (Integer.bitCount(a & rotated) & 1) << i;
        }
        return result;
    }
}
