package dev.ipanema.arm.pauth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.register.TcrEl1;
import org.junit.jupiter.api.Test;

class AuthenticatedPointerTest {
    /// Both halves of 48 bits.
    private static final long TCR = TcrEl1.lowerHalf(16, Granule.K4, 48) | 16L << 16;

    private static final long TBI0 = 1L << 37;
    private static final long TBID0 = 1L << 51;
    private static final long CODE = 0x1234_5678_9abc_def0L;
    private static final long LOWER = 0x0000_4000_1234_5678L;
    private static final long UPPER = 0xffff_8000_1234_5678L;
    private static final CpuModel CPU = CpuModel.parse("max");

    private static long add(long pointer, long tcr, boolean data, PauthLevel level) {
        return AuthenticatedPointer.add(pointer, CODE, tcr, data, level, CPU);
    }

    private static long check(long pointer, long tcr, boolean data, PauthLevel level) {
        return AuthenticatedPointer.authenticate(pointer, CODE, tcr, data, 1, level, CPU);
    }

    @Test
    void aCodeTakesEverythingAboveTheAddressButBit55() {
        assertThat(add(LOWER, TCR, true, PauthLevel.PAUTH)).isEqualTo(0x1234_4000_1234_5678L);
        assertThat(add(UPPER, TCR, true, PauthLevel.PAUTH)).isEqualTo(0x12b4_8000_1234_5678L);
    }

    @Test
    void anIgnoredTopByteStays() {
        long tagged = 0xa500_4000_1234_5678L;

        assertThat(add(tagged, TCR | TBI0, true, PauthLevel.PAUTH)).isEqualTo(0xa534_4000_1234_5678L);
        assertThat(AuthenticatedPointer.strip(0xa534_4000_1234_5678L, TCR | TBI0, true, CPU))
                .isEqualTo(tagged);
    }

    @Test
    void tbidGivesTheTopByteOfInstructionAddressesToTheCode() {
        assertThat(add(LOWER, TCR | TBI0 | TBID0, false, PauthLevel.PAUTH)).isEqualTo(0x1234_4000_1234_5678L);
        assertThat(add(LOWER, TCR | TBI0 | TBID0, true, PauthLevel.PAUTH)).isEqualTo(0x0034_4000_1234_5678L);
    }

    @Test
    void theRightCodeGivesTheAddressBack() {
        for (PauthLevel level : new PauthLevel[] {PauthLevel.PAUTH, PauthLevel.EPAC, PauthLevel.FPAC}) {
            assertThat(check(add(UPPER, TCR, false, level), TCR, false, level)).isEqualTo(UPPER);
        }
    }

    @Test
    void aWrongCodeLeavesAnErrorCodeOfItsKey() {
        long wrong = add(LOWER, TCR, true, PauthLevel.PAUTH) ^ 1L << 50;

        assertThat(check(wrong, TCR, true, PauthLevel.PAUTH)).isEqualTo(LOWER | 2L << 61);
        assertThat(check(wrong, TCR | TBI0, true, PauthLevel.PAUTH)).isEqualTo(0x1200_4000_1234_5678L | 2L << 53);
    }

    @Test
    void aWrongCodeIsNoAddressWhereCodesAreXored() {
        long wrong = add(LOWER, TCR, true, PauthLevel.PAUTH2) ^ 1L << 50;

        long result = check(wrong, TCR, true, PauthLevel.PAUTH2);

        assertThat(result).isEqualTo(LOWER ^ 1L << 50);
        assertThat(AuthenticatedPointer.isCanonical(result, TCR, true, CPU)).isFalse();
        assertThat(AuthenticatedPointer.isCanonical(LOWER, TCR, true, CPU)).isTrue();
    }

    @Test
    void aPointerThatIsNoAddressGetsACodeThatIsWrong() {
        long bad = LOWER | 1L << 60;

        assertThat(add(bad, TCR, true, PauthLevel.PAUTH)).isEqualTo(0x5234_4000_1234_5678L);
        assertThat(add(bad, TCR, true, PauthLevel.EPAC)).isEqualTo(LOWER);
        assertThat(add(bad, TCR, true, PauthLevel.PAUTH2)).isEqualTo(0x0234_4000_1234_5678L);
    }
}
