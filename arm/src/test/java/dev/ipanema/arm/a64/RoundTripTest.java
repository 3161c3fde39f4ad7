package dev.ipanema.arm.a64;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RoundTripTest {
    private static final int SAMPLES = Boolean.getBoolean("ipanema.long") ? 20_000 : 200;

    @Test
    void everyRowDecodesToItself() {
        SplittableRandom random = new SplittableRandom(RandomWords.seed(10));

        for (Encoding row : EncodingTable.table().rows()) {
            for (int i = 0; i < SAMPLES; i++) {
                int word = RandomWords.of(row, random);
                Encoding found = Decoder.all().find(word);
                boolean itself =
                        found == row || (found != null && found.refines().equals(row.name()));
                assertThat(itself)
                        .as("%08x of %s found as %s", word, row, found)
                        .isTrue();
            }
        }
    }

    @Test
    void everyRowAndAliasEncodesItsOwnValuesToTheSameInstruction() {
        SplittableRandom random = new SplittableRandom(RandomWords.seed(11));

        for (Encoding row : EncodingTable.table().byName().values()) {
            for (int i = 0; i < SAMPLES; i++) {
                int word = RandomWords.of(row, random);
                int again = row.encode(row.values(word));
                if (again != word) {
                    assertThat(isBitmask(row))
                            .as("%08x of %s encodes as %08x", word, row, again)
                            .isTrue();
                    assertThat(Decoder.all().instruction(again))
                            .usingRecursiveComparison()
                            .ignoringFields("raw")
                            .isEqualTo(Decoder.all().instruction(word));
                }
            }
        }
    }

    @Test
    void everyRowPrintsWithoutABraceLeft() {
        SplittableRandom random = new SplittableRandom(RandomWords.seed(12));

        for (Encoding row : EncodingTable.table().byName().values()) {
            String text = Disassembler.disassemble(RandomWords.of(row, random), 0);
            assertThat(text).as(row.name()).doesNotContainPattern("[<>]|undefined|\\{[^v]");
        }
    }

    /// The rotation of a bitmask has bits that do not count when its element is short: several words, one meaning.
    private static boolean isBitmask(Encoding row) {
        return row.operands().stream().anyMatch(ImmediateOperands.Bitmask.class::isInstance);
    }
}
