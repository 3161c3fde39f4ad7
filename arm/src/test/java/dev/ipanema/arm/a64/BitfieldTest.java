package dev.ipanema.arm.a64;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// SBFM, UBFM and BFM by their pre-decoded form against a bit-by-bit reading of what the instructions do.
class BitfieldTest {
    private final SplittableRandom random = new SplittableRandom(RandomWords.seed(50));

    @Test
    void unsignedMovesEqualTheBitByBitResult() {
        for (int immr = 0; immr < 64; immr++) {
            for (int imms = 0; imms < 64; imms++) {
                long source = random.nextLong();
                int aux = instruction("UBFM_X", immr, imms).aux();
                assertThat(source << (aux & 63) >>> (aux >>> 8))
                        .as("ubfm #%d, #%d of %x", immr, imms, source)
                        .isEqualTo(moved(source, immr, imms, 64, false));
            }
        }
    }

    @Test
    void signedMovesEqualTheBitByBitResult() {
        for (int immr = 0; immr < 64; immr++) {
            for (int imms = 0; imms < 64; imms++) {
                long source = random.nextLong();
                int aux = instruction("SBFM_X", immr, imms).aux();
                assertThat(source << (aux & 63) >> (aux >>> 8))
                        .as("sbfm #%d, #%d of %x", immr, imms, source)
                        .isEqualTo(moved(source, immr, imms, 64, true));
            }
        }
    }

    @Test
    void movesOf32BitsEqualTheBitByBitResult() {
        for (int immr = 0; immr < 32; immr++) {
            for (int imms = 0; imms < 32; imms++) {
                int source = random.nextInt();
                int unsigned = instruction("UBFM_W", immr, imms).aux();
                int signed = instruction("SBFM_W", immr, imms).aux();
                assertThat(source << (unsigned & 63) >>> (unsigned >>> 8))
                        .as("ubfm #%d, #%d of %x", immr, imms, source)
                        .isEqualTo((int) moved(source, immr, imms, 32, false));
                assertThat(source << (signed & 63) >> (signed >>> 8))
                        .as("sbfm #%d, #%d of %x", immr, imms, source)
                        .isEqualTo((int) moved(source, immr, imms, 32, true));
            }
        }
    }

    @Test
    void insertionsEqualTheBitByBitResult() {
        for (int immr = 0; immr < 64; immr++) {
            for (int imms = 0; imms < 64; imms++) {
                long source = random.nextLong();
                long old = random.nextLong();
                Instruction bfm = instruction("BFM_X", immr, imms);
                assertThat((old & ~bfm.imm()) | (Long.rotateRight(source, bfm.aux()) & bfm.imm()))
                        .as("bfm #%d, #%d of %x into %x", immr, imms, source, old)
                        .isEqualTo(inserted(source, old, immr, imms, 64));
            }
        }
    }

    @Test
    void insertionsOf32BitsEqualTheBitByBitResult() {
        for (int immr = 0; immr < 32; immr++) {
            for (int imms = 0; imms < 32; imms++) {
                int source = random.nextInt();
                int old = random.nextInt();
                Instruction bfm = instruction("BFM_W", immr, imms);
                int mask = (int) bfm.imm();
                assertThat((old & ~mask) | (Integer.rotateRight(source, bfm.aux()) & mask))
                        .as("bfm #%d, #%d of %x into %x", immr, imms, source, old)
                        .isEqualTo((int) inserted(source, old, immr, imms, 32));
                assertThat(bfm.imm() >>> 32).isZero();
            }
        }
    }

    private static Instruction instruction(String row, int immr, int imms) {
        return Decoder.all().instruction(EncodingTable.table().row(row).encode(0, 1, immr, imms));
    }

    /// With `imms >= immr` the bits `imms:immr` go to bit 0, else the bits `imms:0` go to bit `width - immr`; what is
    /// above is zero or the sign.
    private static long moved(long source, int immr, int imms, int width, boolean signed) {
        long result = inserted(source, 0, immr, imms, width);
        int top = imms >= immr ? imms - immr : imms + width - immr;
        boolean sign = (source >>> imms & 1) != 0;
        for (int bit = top + 1; bit < width; bit++) {
            result |= signed && sign ? 1L << bit : 0;
        }
        return result;
    }

    private static long inserted(long source, long old, int immr, int imms, int width) {
        int from = imms >= immr ? immr : 0;
        int to = imms >= immr ? 0 : width - immr;
        long result = old;
        for (int bit = from; bit <= imms; bit++) {
            int target = to + bit - from;
            result &= ~(1L << target);
            result |= (source >>> bit & 1) << target;
        }
        return result;
    }
}
