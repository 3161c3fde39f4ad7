package dev.ipanema.host.vfio;

import static dev.ipanema.host.vfio.VfioFixture.BAR0;
import static dev.ipanema.host.vfio.VfioFixture.BAR2;
import static dev.ipanema.host.vfio.VfioFixture.CONFIG;
import static dev.ipanema.host.vfio.VfioFixture.HVA;
import static dev.ipanema.host.vfio.VfioFixture.PAGE;
import static dev.ipanema.host.vfio.VfioFixture.PRIVATE;
import static dev.ipanema.host.vfio.VfioFixture.RW;
import static dev.ipanema.host.vfio.VfioFixture.SHARED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.devices.gpu.CoherentGpu;
import dev.ipanema.devices.gpu.CopyEngine;
import dev.ipanema.devices.gpu.GpuBar0;
import dev.ipanema.devices.pci.PciConfig;
import dev.ipanema.host.driver.PfnMapping;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.UserFault;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.host.mm.Vma;
import dev.ipanema.host.platform.HostProfile.Properties;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class VfioPciDeviceTest {
    private static final long EINVAL = Errno.EINVAL.negated();
    private static final int COMMAND = 4;

    private final VfioFixture fixture = VfioFixture.of("gb200", gpu -> gpu.withProperties(Properties.ABSENT));
    private final VfioDevice device = fixture.device();

    @AfterEach
    void close() {
        fixture.close();
    }

    // ---- what there is ---------------------------------------------------------------------------------------------

    @Test
    void deviceHasNineRegionsAndFiveKindsOfInterrupts() {
        assertThat(device.info()).isEqualTo(new VfioDeviceInfo(3, 9, 5));
        assertThat(fixture.region(0).size()).isEqualTo(GpuBar0.SIZE);
        assertThat(fixture.region(0).msixMappable()).isTrue();
        assertThat(fixture.region(0).flags()).isEqualTo(0xf);
        assertThat(fixture.region(1).flags()).isZero();
        assertThat(fixture.region(2).size()).isEqualTo(CoherentGpu.APERTURE_SIZE);
        assertThat(fixture.region(2).flags()).isEqualTo(7);
        assertThat(fixture.region(6).size()).isZero();
        assertThat(fixture.region(7)).isEqualTo(new VfioRegionInfo(7, 3, 4096, 7L << 40, List.of(), false));
        for (int index : new int[] {-1, 8, 9, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThat(device.regionInfo(index, info -> {})).isEqualTo((int) EINVAL);
        }
    }

    @Test
    void interruptsAreMsixAndThePinIsNotWired() {
        AtomicInteger msix = new AtomicInteger();
        AtomicInteger pin = new AtomicInteger(-1);

        assertThat(device.irqInfo(2, info -> msix.set(info.count()))).isZero();
        assertThat(device.irqInfo(0, info -> pin.set(info.count()))).isZero();
        assertThat(device.irqInfo(3, info -> {})).isEqualTo((int) EINVAL);
        assertThat(device.irqInfo(-1, info -> {})).isEqualTo((int) EINVAL);
        assertThat(msix).hasValue(CoherentGpu.VECTORS);
        assertThat(pin).hasValue(0);
        assertThat(fixture.read(CONFIG + 0x3d, 1)).isZero();
    }

    // ---- configuration space ---------------------------------------------------------------------------------------

    @Test
    void barsAreSizedAndKeptWithoutTheDeviceKnowing() {
        long real = fixture.gpu().readConfig(0x10, 4);

        fixture.write(CONFIG + 0x10, 4, -1);
        assertThat(fixture.read(CONFIG + 0x10, 4)).isEqualTo(0xff00_0000L);
        fixture.write(CONFIG + 0x18, 4, -1);
        fixture.write(CONFIG + 0x1c, 4, -1);
        assertThat(fixture.read(CONFIG + 0x18, 8)).isEqualTo(-CoherentGpu.APERTURE_SIZE | 0xc);
        fixture.write(CONFIG + 0x10, 4, 0x1234_5678);
        assertThat(fixture.read(CONFIG + 0x10, 4)).isEqualTo(0x1200_0000L);
        fixture.write(CONFIG + 0x14, 4, -1);
        fixture.write(CONFIG + 0x20, 8, -1);
        fixture.write(CONFIG + 0x30, 4, -1);
        assertThat(fixture.read(CONFIG + 0x14, 4)).isZero();
        assertThat(fixture.read(CONFIG + 0x20, 8)).isZero();
        assertThat(fixture.read(CONFIG + 0x30, 4)).isZero();
        assertThat(fixture.gpu().readConfig(0x10, 4)).isEqualTo(real);
    }

    @Test
    void tornSizingSeesEachByte() {
        for (int i = 0; i < 4; i++) {
            assertThat(fixture.write(CONFIG + 0x10 + i, 1, 0xff)).isEqualTo(1);
            fixture.read(CONFIG + 0x13 - i, 1);
        }
        assertThat(fixture.read(CONFIG + 0x10, 4)).isEqualTo(0xff00_0000L);
        fixture.write(CONFIG + 0x12, 2, 0x4500);
        assertThat(fixture.read(CONFIG + 0x10, 4)).isEqualTo(0x4500_0000L);
    }

    @Test
    void commandReachesTheDeviceAndIntxDisableDoesNot() {
        assertThat(fixture.gpu().readConfig(COMMAND, 2) & 6).isEqualTo(2);

        fixture.write(CONFIG + COMMAND, 2, 0x406);

        assertThat(fixture.gpu().readConfig(COMMAND, 2)).isEqualTo(6);
        assertThat(fixture.read(CONFIG + COMMAND, 2)).isEqualTo(0x406);
    }

    @Test
    void identityAndCapabilitiesAreThere() {
        assertThat(fixture.read(CONFIG, 4)).isEqualTo(0x2941_10deL);
        fixture.write(CONFIG, 4, 0);
        assertThat(fixture.read(CONFIG, 4)).isEqualTo(0x2941_10deL);
        int msix = PciConfig.capability(fixture.gpu(), PciConfig.CAP_MSIX);
        assertThat(fixture.read(CONFIG + msix, 1)).isEqualTo(0x11);
        assertThat(fixture.read(CONFIG + msix + 4, 4)).isEqualTo(CoherentGpu.MSIX_TABLE);
        // Enabling is the host's business.
        fixture.write(CONFIG + msix + 2, 2, 0x8000);
        assertThat(fixture.read(CONFIG + msix + 2, 2) & 0x8000).isZero();
        assertThat(fixture.read(CONFIG + 0x100, 2)).isEqualTo(0x23);
    }

    @Test
    void resetBitOfPciExpressResetsTheDeviceByWayOfTheHost() {
        int express = PciConfig.capability(fixture.gpu(), PciConfig.CAP_EXPRESS);
        fixture.write(CONFIG + COMMAND, 2, 6);
        fixture.write(BAR0 + GpuBar0.SCRATCH, 4, 0x55);

        fixture.write(CONFIG + express + 8, 2, 0x8000);

        assertThat(fixture.read(BAR0 + GpuBar0.SCRATCH, 4)).isZero();
        assertThat(fixture.read(CONFIG + express + 8, 2) & 0x8000).isZero();
        // The host gave the device its command and BARs back.
        assertThat(fixture.gpu().readConfig(COMMAND, 2)).isEqualTo(6);
        assertThat(fixture.gpu().readConfig(0x10, 4)).isNotZero();
    }

    @Test
    void d3IsMemoryOff() {
        int power = PciConfig.capability(fixture.gpu(), PciConfig.CAP_PM);
        fixture.map(BAR0, PAGE);
        fixture.mm.userMemory().store(HVA + 8, 4, 1);

        fixture.write(CONFIG + power + 4, 2, 3);

        assertThat(fixture.mm.userMemory().touch(HVA, true)).isEqualTo(UserFault.BUS_ADRERR);
        fixture.write(CONFIG + power + 4, 2, 0);
        assertThat(fixture.mm.userMemory().touch(HVA, true)).isEqualTo(UserFault.NONE);
    }

    // ---- BARs ------------------------------------------------------------------------------------------------------

    @Test
    void barIsReadAndWrittenByEveryWidthAndEndsWhereItEnds() {
        fixture.write(BAR0 + 0x101, 7, 0x77_6655_4433_2211L);

        assertThat(fixture.read(BAR0 + 0x100, 8)).isEqualTo(0x7766_5544_3322_1100L);
        assertThat(device.pread(BAR0 + GpuBar0.SIZE - 4, new byte[64], 0, 64)).isEqualTo(4);
        assertThat(device.pread(BAR0 + GpuBar0.SIZE, new byte[64], 0, 64)).isEqualTo(EINVAL);
    }

    @Test
    void msixTableIsNotTheUsersToReadOrWrite() {
        long table = BAR0 + CoherentGpu.MSIX_TABLE;
        long end = table + 16L * CoherentGpu.VECTORS;
        byte[] around = new byte[24];

        assertThat(fixture.write(table, 8, 0x1234)).isEqualTo(8);
        assertThat(fixture.read(table, 8)).isEqualTo(-1);
        assertThat(fixture.gpu().readBar(0, CoherentGpu.MSIX_TABLE, 4)).isZero();
        assertThat(device.pread(table - 8, around, 0, 24)).isEqualTo(24);
        assertThat(Arrays.copyOf(around, 8)).containsOnly(0);
        assertThat(Arrays.copyOfRange(around, 8, 24)).containsOnly(0xff);
        assertThat(device.pread(end - 4, around, 0, 12)).isEqualTo(12);
        assertThat(Arrays.copyOfRange(around, 4, 12)).containsOnly(0);
    }

    @Test
    void barThatDoesNotDecodeIsEio() {
        fixture.write(CONFIG + COMMAND, 2, 0);

        assertThat(fixture.read(BAR0, 4)).isEqualTo(Errno.EIO.negated());
        assertThat(fixture.write(BAR2, 4, 0)).isEqualTo(Errno.EIO.negated());
    }

    @Test
    void mappedBarIsDeviceMemoryUntilDecodingEnds() {
        Vma vma = fixture.map(BAR0, GpuBar0.SIZE);
        fixture.mm.userMemory().store(HVA + 0x100, 4, 0xabcd);

        assertThat(vma.pageProt()).isEqualTo(PteAttrIndex.MT_DEVICE_nGnRnE);
        assertThat(vma.vmFlags() & PfnMapping.FLAGS).isEqualTo(VmFlags.REMAP_FLAGS | VmFlags.VM_ALLOW_ANY_UNCACHED);
        assertThat(fixture.read(BAR0 + 0x100, 4)).isEqualTo(0xabcd);
        assertThat(fixture.mm.leafShift(HVA)).isEqualTo(21);
        fixture.write(CONFIG + COMMAND, 1, 0);
        assertThat(fixture.mm.lookupLeaf(HVA)).isZero();
        assertThat(fixture.mm.userMemory().touch(HVA, false)).isEqualTo(UserFault.BUS_ADRERR);
        fixture.write(CONFIG + COMMAND, 1, 2);
        assertThat(fixture.mm.userMemory().load(HVA + 0x100, 4)).isEqualTo(0xabcd);
        device.setLowPower(true);
        assertThat(fixture.mm.userMemory().touch(HVA, false)).isEqualTo(UserFault.BUS_ADRERR);
        device.close();
        assertThat(fixture.mm.userMemory().touch(HVA, false)).isEqualTo(UserFault.BUS_ADRERR);
    }

    @Test
    void mmapRefusesPrivateMappingsAndWhatIsNoBar() {
        assertThat(fixture.mm.mmap(HVA, PAGE, RW, PRIVATE, device, BAR0)).isEqualTo(EINVAL);
        assertThat(fixture.mm.mmap(HVA, GpuBar0.SIZE + PAGE, RW, SHARED, device, BAR0))
                .isEqualTo(EINVAL);
        assertThat(fixture.mm.mmap(HVA, PAGE, RW, SHARED, device, BAR0 + GpuBar0.SIZE))
                .isEqualTo(EINVAL);
        for (int index : new int[] {1, 3, 4, 5, 6, 7, 8, 9, 1000}) {
            assertThat(fixture.mm.mmap(HVA, PAGE, RW, SHARED, device, VfioUapi.offsetOf(index)))
                    .isEqualTo(EINVAL);
        }
    }

    // ---- interrupts ------------------------------------------------------------------------------------------------

    private void raise(int vector) {
        fixture.write(BAR0 + CopyEngine.BASE + CopyEngine.LENGTH, 4, 0);
        fixture.write(
                BAR0 + CopyEngine.BASE + CopyEngine.FLAGS,
                4,
                CopyEngine.INTERRUPT | (long) vector << CopyEngine.VECTOR_SHIFT);
        fixture.write(BAR0 + CopyEngine.BASE + CopyEngine.LAUNCH, 4, 1);
    }

    @Test
    void interruptOfTheDeviceCallsWhomTheUserNamed() {
        AtomicInteger second = new AtomicInteger();
        fixture.write(CONFIG + COMMAND, 2, 6);

        assertThat(device.setIrqs(2, 0, Arrays.asList(null, second::incrementAndGet)))
                .isZero();
        raise(1);
        raise(0);
        raise(7);

        assertThat(second).hasValue(1);
        assertThat(device.reset()).isZero();
        raise(1);
        assertThat(second).hasValue(2);
        assertThat(device.setIrqs(2, 0, List.of())).isZero();
        raise(1);
        assertThat(second).hasValue(2);
    }

    /// Who is told may hold a lock while he faults in the device's memory, which takes the device's.
    @Test
    void nobodyIsToldOfAnInterruptUnderTheDevicesLock() {
        List<Boolean> held = new ArrayList<>();
        Object lock = ((VfioPciDevice) device).memoryLock;
        fixture.write(CONFIG + COMMAND, 2, 6);
        assertThat(device.setIrqs(2, 0, List.of(() -> held.add(Thread.holdsLock(lock)))))
                .isZero();

        raise(0);
        // Raised while the vector is masked, and told when the table is written again.
        fixture.gpu().bar0().write(CoherentGpu.MSIX_TABLE + 12, 4, 1);
        raise(0);
        assertThat(device.setIrqs(2, 0, List.of(() -> held.add(Thread.holdsLock(lock)))))
                .isZero();

        assertThat(held).containsExactly(false, false);
    }

    @Test
    void interruptWithoutBusMasteringIsNotSent() {
        AtomicInteger count = new AtomicInteger();
        assertThat(device.setIrqs(2, 0, List.of(count::incrementAndGet))).isZero();

        raise(0);

        assertThat(count).hasValue(0);
    }

    @Test
    void tableThatTheGuestWroteThroughItsMappingRaisesNothingElse() {
        AtomicInteger count = new AtomicInteger();
        fixture.write(CONFIG + COMMAND, 2, 6);
        assertThat(device.setIrqs(2, 0, List.of(count::incrementAndGet, count::incrementAndGet)))
                .isZero();
        fixture.map(BAR0, GpuBar0.SIZE);

        for (long data : new long[] {-1, 8, 0x8000_0000L, 0x7fff_ffffL}) {
            fixture.mm.userMemory().store(HVA + CoherentGpu.MSIX_TABLE + 8, 4, data);
            raise(0);
        }
        fixture.mm.userMemory().store(HVA + CoherentGpu.MSIX_TABLE, 8, 0xdead_0000L);
        fixture.mm.userMemory().store(HVA + CoherentGpu.MSIX_TABLE + 8, 4, 1);
        raise(0);

        assertThat(count).hasValue(0);
    }

    @Test
    void interruptsThatDoNotExistAreRefused() {
        Runnable nothing = () -> {};
        List<Runnable> nine = java.util.Collections.nCopies(9, nothing);

        assertThat(device.setIrqs(2, 0, nine)).isEqualTo((int) EINVAL);
        assertThat(device.setIrqs(2, 8, List.of(nothing))).isEqualTo((int) EINVAL);
        assertThat(device.setIrqs(2, -1, List.of(nothing))).isEqualTo((int) EINVAL);
        assertThat(device.setIrqs(2, Integer.MAX_VALUE, List.of(nothing))).isEqualTo((int) EINVAL);
        assertThat(device.setIrqs(0, 0, List.of(nothing))).isEqualTo((int) EINVAL);
        assertThat(device.setIrqs(99, 0, List.of(nothing))).isEqualTo((int) EINVAL);
        assertThat(device.setIrqs(2, 0, List.of())).isEqualTo((int) EINVAL);
    }

    // ---- hostile ---------------------------------------------------------------------------------------------------

    @Test
    void offsetsThatAreNowhereAreRefused() {
        byte[] bytes = new byte[8];
        for (long offset : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, 9L << 40, 8L << 40, 6L << 40, -(1L << 40)}) {
            assertThat(device.pread(offset, bytes, 0, 8)).isEqualTo(EINVAL);
            assertThat(device.pwrite(offset, bytes, 0, 8)).isEqualTo(EINVAL);
        }
        assertThat(device.pread(CONFIG + 4092, bytes, 0, 8)).isEqualTo(Errno.EFAULT.negated());
        assertThat(device.pread(CONFIG + 4096, bytes, 0, 1)).isEqualTo(Errno.EFAULT.negated());
        assertThat(device.pread(BAR0 + (1L << 40) - 1, bytes, 0, 8)).isEqualTo(EINVAL);
        assertThat(device.pread(CONFIG, bytes, 0, 0)).isZero();
        assertThatThrownBy(() -> device.pread(CONFIG, bytes, 1, 8)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void garbageInTheConfigurationSpaceDoesNoHarm() {
        Random random = new Random(7);
        fixture.map(BAR0, GpuBar0.SIZE);
        long bar0 = fixture.gpu().readConfig(0x10, 4);
        for (int i = 0; i < 20_000; i++) {
            int length = 1 + random.nextInt(12);
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            int at = random.nextInt(i % 2 == 0 ? 256 : 4096);
            long result = device.pwrite(CONFIG + at, bytes, 0, length);
            assertThat(result).isEqualTo(at + length > 4096 ? Errno.EFAULT.negated() : length);
            device.pread(CONFIG + random.nextInt(4084), bytes, 0, length);
            fixture.mm.userMemory().touch(HVA + random.nextInt((int) GpuBar0.SIZE), true);
        }
        assertThat(fixture.read(CONFIG, 4)).isEqualTo(0x2941_10deL);
        assertThat(fixture.gpu().readConfig(0x10, 4)).isEqualTo(bar0);
    }
}
