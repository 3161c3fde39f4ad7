package dev.ipanema.vmm.passthrough;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.base.text.Sizes;
import java.util.List;
import org.junit.jupiter.api.Test;

/// How many bits the addresses of a guest have.
class AddressPlanTest {
    private static final long TIB = 1024 * Sizes.GIB;

    @Test
    void theWindowOfVirtNeeds40Bits() {
        assertThat(AddressPlan.of(TIB / 2, TIB).ipaBits()).isEqualTo(40);
    }

    @Test
    void memoryBehindItNeedsOneMore() {
        List<AddressPlan.NodeMemory> memory = List.of(new AddressPlan.NodeMemory(1, TIB, 192 * Sizes.GIB, false));

        assertThat(new AddressPlan(TIB / 2, TIB, memory, false).ipaBits()).isEqualTo(41);
    }

    @Test
    void eightBarsOf256GNeed43Bits() {
        assertThat(AddressPlan.of(TIB / 2, 8 * TIB).ipaBits()).isEqualTo(43);
    }
}
