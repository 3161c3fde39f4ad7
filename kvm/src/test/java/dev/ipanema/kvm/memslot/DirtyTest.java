package dev.ipanema.kvm.memslot;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DirtyTest {
    @Test
    void initiallySetBitmapHasNoBitBeyondTheSlot() {
        DirtyBitmap bitmap = new DirtyBitmap(70);
        bitmap.setAll();
        assertThat(bitmap.word(0)).isEqualTo(-1L);
        assertThat(bitmap.word(1)).isEqualTo(0x3f);
    }

    @Test
    void takingAWordClearsIt() {
        DirtyBitmap bitmap = new DirtyBitmap(128);
        bitmap.set(64);
        bitmap.set(127);
        assertThat(bitmap.takeWord(1)).isEqualTo(1L | 1L << 63);
        assertThat(bitmap.word(1)).isZero();
    }

    @Test
    void clearingReturnsOnlyBitsThatWereSet() {
        DirtyBitmap bitmap = new DirtyBitmap(64);
        bitmap.set(3);
        bitmap.set(5);
        assertThat(bitmap.clearWord(0, 0b1111_1000)).isEqualTo(0b10_1000);
        assertThat(bitmap.clearWord(0, -1)).isZero();
    }

    @Test
    void ringIsSoftFullBeforeItsReservedEntries() {
        DirtyRing ring = new DirtyRing(256);
        for (int i = 0; i < 191; i++) {
            ring.push(1, i);
        }
        assertThat(ring.softFull()).isFalse();
        ring.push(1, 191);
        assertThat(ring.softFull()).isTrue();
    }

    @Test
    void resetTakesHarvestedEntriesAndJoinsNeighbours() {
        DirtyRing ring = new DirtyRing(256);
        ring.push(1, 10);
        ring.push(1, 12);
        ring.push(2, 12);
        ring.push(2, 99);
        for (int i = 0; i < 3; i++) {
            ring.harvest(i);
        }
        List<String> calls = new ArrayList<>();
        int count = ring.reset((slot, offset, mask) -> calls.add(slot + ":" + offset + ":" + mask));
        assertThat(count).isEqualTo(3);
        assertThat(calls).containsExactly("1:10:5", "2:12:1");
        assertThat(ring.flags(3)).isEqualTo(DirtyRing.KVM_DIRTY_GFN_F_DIRTY);
    }
}
