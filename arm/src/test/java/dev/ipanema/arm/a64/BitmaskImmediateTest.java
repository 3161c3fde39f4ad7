package dev.ipanema.arm.a64;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BitmaskImmediateTest {
    @Test
    void encodesEachOfThe5334MasksOf64Bits() {
        Set<Long> masks = new HashSet<>();

        for (int fields = 0; fields < 1 << 13; fields++) {
            int n = fields >>> 12;
            int imms = fields & 63;
            if (BitmaskImmediate.isAllocated(n, imms, 64)) {
                masks.add(BitmaskImmediate.decode(n, fields >>> 6 & 63, imms));
            }
        }

        // Sum over the element sizes 2, 4, … 64 of size * (size - 1).
        assertThat(masks).hasSize(5334);
        for (long mask : masks) {
            int fields = BitmaskImmediate.encode(mask, 64);
            assertThat(BitmaskImmediate.decode(fields >>> 12, fields >>> 6 & 63, fields & 63))
                    .isEqualTo(mask);
        }
    }

    @Test
    void decodesARunThatWrapsAroundItsElement() {
        // Two ones in an element of 8 bits, rotated right by one.
        assertThat(BitmaskImmediate.decode(0, 1, 0b110001)).isEqualTo(0x8181_8181_8181_8181L);
    }

    @Test
    void refusesWhatIsNoMask() {
        assertThat(BitmaskImmediate.encode(0, 64)).isNegative();
        assertThat(BitmaskImmediate.encode(-1, 64)).isNegative();
        assertThat(BitmaskImmediate.encode(0xFFFF_FFFFL, 32)).isNegative();
        assertThat(BitmaskImmediate.encode(0b101, 64)).isNegative();
        assertThat(BitmaskImmediate.encode(0x1234, 64)).isNegative();
    }

    @Test
    void elementOf64BitsIsNotAllocatedForW() {
        assertThat(BitmaskImmediate.isAllocated(1, 0, 32)).isFalse();
        assertThat(BitmaskImmediate.isAllocated(1, 63, 64)).isFalse();
        assertThat(BitmaskImmediate.isAllocated(0, 0b111111, 64)).isFalse();
        assertThat(BitmaskImmediate.isAllocated(0, 0b111110, 64)).isFalse();
        assertThat(BitmaskImmediate.isAllocated(0, 0b111100, 64)).isTrue();
    }
}
