package dev.ipanema.arm.memory;

import static dev.ipanema.arm.memory.AccessKind.DATA;
import static dev.ipanema.arm.memory.AccessKind.FETCH;
import static dev.ipanema.arm.memory.AccessKind.WALK;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Stage2ModifiersTest {
    private static final Stage2Modifiers KVM = new Stage2Modifiers(false, true, false, false, false);
    private static final Stage2Modifiers KVM_FWB = new Stage2Modifiers(true, true, false, false, false);
    private static final MemoryAttributes WB = MemoryAttributes.NORMAL_WB;
    private static final MemoryAttributes NC = MemoryAttributes.NORMAL_NC;
    private static final MemoryAttributes DEVICE = MemoryAttributes.DEVICE_nGnRE;

    private static MemoryAttributes result(
            Stage2Modifiers modifiers, AccessKind kind, MemoryAttributes s1, int memAttr) {
        MemoryAttributes leaf = modifiers.leafType(s1, memAttr, Shareability.ISH);
        return modifiers.result(kind, s1, leaf, memAttr, Shareability.ISH, false);
    }

    @Test
    void leafTypeIsStage2AloneWithoutFwbAndCombinedWithFwb() {
        assertThat(KVM.leafType(DEVICE, Stage2MemAttr.NORMAL_WB, Shareability.ISH))
                .isSameAs(WB);
        assertThat(KVM_FWB.leafType(DEVICE, Stage2MemAttr.FWB_AS_S1, Shareability.ISH))
                .isSameAs(DEVICE);
    }

    @Test
    void deviceAtStage1BecomesWriteBackOnlyByForce() {
        assertThat(result(KVM, DATA, DEVICE, Stage2MemAttr.NORMAL_WB)).isSameAs(DEVICE);
        assertThat(result(KVM_FWB, DATA, DEVICE, Stage2MemAttr.FWB_NORMAL_WB).isWriteBackBoth())
                .isTrue();
    }

    @Test
    void walkToDeviceFaultsWithPtwAndIsNonCacheableWithout() {
        Stage2Modifiers noPtw = new Stage2Modifiers(false, false, false, false, false);
        MemoryAttributes leaf = KVM.leafType(WB, Stage2MemAttr.DEVICE_nGnRE, Shareability.ISH);

        assertThat(KVM.walkFaults(WALK, leaf)).isTrue();
        assertThat(KVM.walkFaults(DATA, leaf)).isFalse();
        assertThat(noPtw.walkFaults(WALK, leaf)).isFalse();
        assertThat(result(noPtw, WALK, WB, Stage2MemAttr.DEVICE_nGnRE).isNormalNonCacheable())
                .isTrue();
    }

    @Test
    void fetchFromStage2DeviceIsNonCacheable() {
        assertThat(result(KVM, FETCH, WB, Stage2MemAttr.DEVICE_nGnRE).isNormalNonCacheable())
                .isTrue();
    }

    @Test
    void instructionDisableConcernsFetchesOnly() {
        Stage2Modifiers id = new Stage2Modifiers(false, true, false, true, false);

        assertThat(result(id, FETCH, WB, Stage2MemAttr.NORMAL_WB).isNormalNonCacheable())
                .isTrue();
        assertThat(result(id, DATA, WB, Stage2MemAttr.NORMAL_WB)).isSameAs(WB);
    }

    @Test
    void cacheDisableConcernsDataAndWalksToNormalMemory() {
        Stage2Modifiers cd = new Stage2Modifiers(false, true, true, false, false);
        Stage2Modifiers cdFwb = new Stage2Modifiers(true, true, true, false, false);

        assertThat(result(cd, DATA, WB, Stage2MemAttr.NORMAL_WB).isNormalNonCacheable())
                .isTrue();
        assertThat(result(cd, WALK, WB, Stage2MemAttr.NORMAL_WB).isNormalNonCacheable())
                .isTrue();
        assertThat(result(cd, FETCH, WB, Stage2MemAttr.NORMAL_WB)).isSameAs(WB);
        assertThat(result(cd, DATA, DEVICE, Stage2MemAttr.NORMAL_WB)).isSameAs(DEVICE);
        assertThat(result(cdFwb, DATA, DEVICE, Stage2MemAttr.FWB_NORMAL_WB).isNormalNonCacheable())
                .isTrue();
        assertThat(cd.walkType(0b01, 0b01, Shareability.ISH).isNormalNonCacheable())
                .isTrue();
    }

    @Test
    void fnxsClearsXs() {
        MemoryAttributes leaf = KVM.leafType(NC, Stage2MemAttr.NORMAL_NC, Shareability.ISH);

        assertThat(KVM.result(DATA, NC, leaf, Stage2MemAttr.NORMAL_NC, Shareability.ISH, true)
                        .xs())
                .isFalse();
    }
}
