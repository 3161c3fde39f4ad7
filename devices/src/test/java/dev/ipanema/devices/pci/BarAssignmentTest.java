package dev.ipanema.devices.pci;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.devices.pci.PciConfigSpace.BarKind;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BarAssignmentTest {
    private static final long LOW = 0x1000_0000L;
    private static final long HIGH = 0x80_0000_0000L;
    private static final long GIB = 1L << 30;

    private final List<PciFunction> functions = new ArrayList<>();

    private static final class Function extends EmulatedPciFunction {
        Function(PciConfigSpace config) {
            super(config);
        }

        @Override
        public long readBar(int bar, long offset, int bytes) {
            return 0;
        }

        @Override
        public void writeBar(int bar, long offset, int bytes, long value) {}
    }

    private Function function(PciConfigSpace config) {
        Function function = new Function(config);
        function.plugged(new PciSlot() {
            @Override
            public void intx(boolean level) {}

            @Override
            public void msi(long address, int data) {}

            @Override
            public void barsChanged() {}
        });
        functions.add(function);
        return function;
    }

    private static PciConfigSpace config() {
        return new PciConfigSpace(0x1234, 0x5678, 1, 0xff0000);
    }

    private void assign(long lowSize, long highSize) {
        new BarAssignment(
                        new BarAssignment.Window(LOW, lowSize),
                        new BarAssignment.Window(HIGH, highSize),
                        new BarAssignment.Window(0, 0x1_0000))
                .assign(functions);
        // Decoding on, so that addresses can be seen.
        functions.forEach(each -> each.writeConfig(PciConfig.COMMAND, 2, 3));
    }

    @Test
    void eachKindHasItsWindow() {
        Function function = function(config().bar(0, BarKind.MEMORY_32, 0x1000)
                .bar(1, BarKind.IO, 0x20)
                .bar(2, BarKind.MEMORY_64_PREFETCHABLE, GIB)
                .bar(4, BarKind.MEMORY_64, 0x4000));

        assign(0x100_0000, 16 * GIB);

        assertThat(function.barAddress(4)).isEqualTo(LOW);
        assertThat(function.barAddress(0)).isEqualTo(LOW + 0x4000);
        assertThat(function.barAddress(1)).isEqualTo(0x1000);
        assertThat(function.barAddress(2)).isEqualTo(HIGH);
    }

    @Test
    void barsThatHaveAnAddressKeepItAndOthersGoAround() {
        Function kept = function(config().bar(4, BarKind.MEMORY_64_PREFETCHABLE, 4 * GIB));
        Function other = function(
                config().bar(0, BarKind.MEMORY_64_PREFETCHABLE, 8 * GIB).bar(2, BarKind.MEMORY_64_PREFETCHABLE, GIB));
        kept.writeConfig(0x20 + 4, 4, HIGH + 4 * GIB >>> 32);

        assign(0x100_0000, 32 * GIB);

        assertThat(kept.barAddress(4)).isEqualTo(HIGH + 4 * GIB);
        assertThat(other.barAddress(0)).isEqualTo(HIGH + 8 * GIB);
        assertThat(other.barAddress(2)).isEqualTo(HIGH);
    }

    @Test
    void whatFindsNoRoomStaysWithoutAnAddress() {
        Function function = function(config().bar(0, BarKind.MEMORY_32, 0x1000).bar(1, BarKind.MEMORY_32, 0x100_0000));

        assign(0x80_0000, GIB);

        assertThat(function.barAddress(0)).isEqualTo(LOW);
        assertThat(function.barAddress(1)).isEqualTo(PciFunction.NOWHERE);
    }

    @Test
    void decodingStaysOff() {
        Function function = function(config().bar(0, BarKind.MEMORY_32, 0x1000));

        new BarAssignment(
                        new BarAssignment.Window(LOW, GIB / 4),
                        new BarAssignment.Window(HIGH, GIB),
                        new BarAssignment.Window(0, 0x1_0000))
                .assign(functions);

        assertThat(function.barAddress(0)).isEqualTo(PciFunction.NOWHERE);
        assertThat(function.readConfig(0x10, 4)).isEqualTo(LOW);
    }
}
