package dev.ipanema.kvm.memslot;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MemslotsTest {
    private static Memslot slot(int id, long baseGfn, long npages) {
        return new Memslot(id, baseGfn, npages, 0x10_0000L + (long) id << 20, 0, null, null, 0, false);
    }

    private final Memslots slots =
            Memslots.EMPTY.with(slot(3, 0x300, 0x10)).with(slot(1, 0x100, 0x10)).with(slot(2, 0x110, 0x10));

    @Test
    void lookupFindsTheSlotThatContainsAFrame() {
        assertThat(slots.find(0x100)).isEqualTo(slots.byId(1));
        assertThat(slots.find(0x10f)).isEqualTo(slots.byId(1));
        assertThat(slots.find(0x110)).isEqualTo(slots.byId(2));
        assertThat(slots.find(0x30f)).isEqualTo(slots.byId(3));
    }

    @Test
    void lookupOutsideEverySlotFindsNothing() {
        assertThat(slots.find(0xff)).isNull();
        assertThat(slots.find(0x120)).isNull();
        assertThat(slots.find(-1)).isNull();
    }

    @Test
    void replacingKeepsOneSlotANumber() {
        Memslots moved = slots.with(slot(1, 0x500, 0x10));
        assertThat(moved.size()).isEqualTo(3);
        assertThat(moved.find(0x100)).isNull();
        assertThat(moved.find(0x505)).isEqualTo(moved.byId(1));
        assertThat(moved.at(2)).isEqualTo(moved.byId(1));
    }

    @Test
    void olderSnapshotIsNotChanged() {
        Memslots fewer = slots.without(2);
        assertThat(fewer.find(0x110)).isNull();
        assertThat(slots.find(0x110)).isNotNull();
    }

    @Test
    void overlapIgnoresTheSlotItself() {
        assertThat(slots.overlaps(1, 0x100, 0x10)).isFalse();
        assertThat(slots.overlaps(1, 0x100, 0x11)).isTrue();
        assertThat(slots.overlaps(9, 0x310, 0x10)).isFalse();
    }

    @Test
    void addressesFollowTheOffsetInTheSlot() {
        Memslot slot = slot(1, 0x100, 0x10);
        assertThat(slot.hva(0x102, 12)).isEqualTo(slot.userspaceAddr() + 0x2000);
        assertThat(slot.gfn(slot.userspaceAddr() + 0x2fff, 12)).isEqualTo(0x102);
    }
}
