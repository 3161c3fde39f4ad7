package dev.ipanema.arm.memory;

import static dev.ipanema.arm.memory.AlignmentRules.AccessClass.ACQUIRE_RELEASE;
import static dev.ipanema.arm.memory.AlignmentRules.AccessClass.ALWAYS_ALIGNED;
import static dev.ipanema.arm.memory.AlignmentRules.AccessClass.DC_ZVA;
import static dev.ipanema.arm.memory.AlignmentRules.AccessClass.EXCLUSIVE_OR_ATOMIC;
import static dev.ipanema.arm.memory.AlignmentRules.AccessClass.FETCH;
import static dev.ipanema.arm.memory.AlignmentRules.AccessClass.PLAIN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.memory.AlignmentRules.AccessClass;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AlignmentRulesTest {
    /// Misaligned, but inside one aligned quantity of 16 bytes.
    private static final long WITHIN_16 = 0x1001;
    /// The last eight bytes of a quantity, misaligned: an access of 8 bytes crosses.
    private static final long CROSSING_16 = 0x100C;

    private static boolean faults(AccessClass accessClass, long va, boolean a, boolean naa, boolean lse2) {
        return AlignmentRules.faultsByAccess(accessClass, va, 8, 8, a, naa, lse2);
    }

    @ParameterizedTest
    @EnumSource(AccessClass.class)
    void alignedAccessNeverFaultsByWhatItIs(AccessClass accessClass) {
        assertThat(faults(accessClass, 0x1008, true, false, false)).isFalse();
    }

    @Test
    void plainAccessFaultsOnlyWhereAlignmentIsEnforced() {
        assertThat(faults(PLAIN, WITHIN_16, false, false, false)).isFalse();
        assertThat(faults(PLAIN, WITHIN_16, true, false, true)).isTrue();
    }

    @Test
    void pairAlignedToItsElementsIsAligned() {
        assertThat(AlignmentRules.faultsByAccess(PLAIN, 0x1008, 16, 8, true, false, false))
                .isFalse();
    }

    @Test
    void atomicFaultsWithoutLse2AndWhereItCrossesSixteenBytes() {
        assertThat(faults(EXCLUSIVE_OR_ATOMIC, WITHIN_16, false, false, false)).isTrue();
        assertThat(faults(EXCLUSIVE_OR_ATOMIC, WITHIN_16, false, false, true)).isFalse();
        assertThat(faults(EXCLUSIVE_OR_ATOMIC, CROSSING_16, false, true, true)).isTrue();
    }

    @Test
    void acquireMayCrossSixteenBytesWithNaa() {
        assertThat(faults(ACQUIRE_RELEASE, WITHIN_16, false, false, false)).isTrue();
        assertThat(faults(ACQUIRE_RELEASE, WITHIN_16, false, false, true)).isFalse();
        assertThat(faults(ACQUIRE_RELEASE, CROSSING_16, false, false, true)).isTrue();
        assertThat(faults(ACQUIRE_RELEASE, CROSSING_16, false, true, true)).isFalse();
    }

    @Test
    void sixtyFourByteAccessHasToBeAligned() {
        assertThat(AlignmentRules.faultsByAccess(ALWAYS_ALIGNED, 0x1008, 64, 64, false, true, true))
                .isTrue();
    }

    @Test
    void zeroingAcceptsAnyAddressButNoDevice() {
        assertThat(AlignmentRules.faultsByAccess(DC_ZVA, 0x1003, 64, 64, true, false, true))
                .isFalse();
        assertThat(AlignmentRules.faultsByType(DC_ZVA, true, MemoryAttributes.DEVICE_GRE))
                .isTrue();
        assertThat(AlignmentRules.faultsByType(DC_ZVA, false, MemoryAttributes.NORMAL_NC))
                .isFalse();
    }

    @Test
    void unalignedAccessToDeviceFaults() {
        assertThat(AlignmentRules.faultsByType(PLAIN, false, MemoryAttributes.DEVICE_GRE))
                .isTrue();
        assertThat(AlignmentRules.faultsByType(PLAIN, true, MemoryAttributes.DEVICE_nGnRnE))
                .isFalse();
        assertThat(AlignmentRules.faultsByType(PLAIN, false, MemoryAttributes.NORMAL_NC))
                .isFalse();
        assertThat(AlignmentRules.faultsByType(FETCH, false, MemoryAttributes.DEVICE_GRE))
                .isFalse();
    }
}
