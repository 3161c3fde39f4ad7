package dev.ipanema.kvm.vgic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.gic.Gicd;
import dev.ipanema.arm.gic.Gicr;
import dev.ipanema.arm.gic.Gits;
import dev.ipanema.arm.gic.ItsCommand;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.uapi.KvmDeviceUapi;
import dev.ipanema.machine.cpu.VirtualCpuInterface;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// An ITS from its commands to LPIs in list registers, and what a guest can do to it.
class VgicItsTest {
    private static final long QUEUE = FakeVm.RAM;
    private static final long DEVICES = FakeVm.RAM + 0x10_0000;
    private static final long COLLECTIONS = FakeVm.RAM + 0x20_0000;
    private static final long CONFIGURATION = FakeVm.RAM + 0x30_0000;
    private static final long PENDING = FakeVm.RAM + 0x32_0000;
    private static final long ITT = FakeVm.RAM + 0x34_0000;
    private static final long VALID = 1L << 63;
    private static final int DEVICE = 0x10;
    private static final int EVENT = 3;
    private static final int LPI = 8200;

    private final FakeVm vm = new FakeVm(true, 2);
    private final VgicDevice gic = new VgicDevice(vm.vgic);
    private final VgicItsDevice its = new VgicItsDevice(vm.vgic);
    private long next = QUEUE;

    VgicItsTest() {
        gic.setAttr(KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_ADDR, KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_DIST, FakeVm.GICD);
        gic.setAttr(KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_ADDR, KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_REDIST, FakeVm.GICR);
        assertThat(its.setAttr(
                        KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_ADDR, KvmDeviceUapi.KVM_VGIC_ITS_ADDR_TYPE, FakeVm.ITS))
                .isZero();
        gic.setAttr(KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_CTRL, KvmDeviceUapi.KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
        assertThat(vm.vgic.mapResources()).isZero();
    }

    private void turnOn() {
        vm.write(FakeVm.GICD + Gicd.CTLR, 4, Gicd.CTLR_ENABLE_SS_G1);
        for (int cpu = 0; cpu < 2; cpu++) {
            long rd = FakeVm.GICR + Gicr.SIZE * cpu;
            vm.write(rd + Gicr.PROPBASER, 8, CONFIGURATION | 15);
            vm.write(rd + Gicr.PENDBASER, 8, PENDING);
            vm.write(rd + Gicr.CTLR, 4, Gicr.CTLR_ENABLE_LPIS);
        }
        vm.write(FakeVm.ITS + Gits.BASER, 8, VALID | DEVICES | 7);
        vm.write(FakeVm.ITS + Gits.BASER + 8, 8, VALID | COLLECTIONS);
        vm.write(FakeVm.ITS + Gits.CBASER, 8, VALID | QUEUE | 15);
        vm.write(FakeVm.ITS + Gits.CTLR, 4, Gits.CTLR_ENABLED);
    }

    private void command(long dw0, long dw1, long dw2, long dw3) {
        vm.poke(next, 8, dw0);
        vm.poke(next + 8, 8, dw1);
        vm.poke(next + 16, 8, dw2);
        vm.poke(next + 24, 8, dw3);
        next += ItsCommand.SIZE;
        vm.write(FakeVm.ITS + Gits.CWRITER, 8, next - QUEUE);
    }

    private void device(int number) {
        command(ItsCommand.MAPD | (long) DEVICE << 32, 4, VALID | ITT, number);
    }

    private void collection(int collection, int cpu) {
        command(ItsCommand.MAPC, 0, VALID | (long) cpu << 16 | collection, 0);
    }

    private void event(int lpi, int collection) {
        vm.poke(CONFIGURATION + lpi - 8192, 1, 0xa0 | Gicr.LPI_ENABLE);
        command(ItsCommand.MAPTI | (long) DEVICE << 32, EVENT | (long) lpi << 32, collection, 0);
    }

    private void mapAll() {
        turnOn();
        device(0);
        collection(0, 0);
        collection(1, 1);
        event(LPI, 0);
    }

    private int signal() {
        return vm.vgic.signalMsi(FakeVm.ITS + Gits.TRANSLATER, DEVICE, EVENT);
    }

    /// {@return what a vCPU's ICC_IAR1_EL1 reads in the guest}
    private int acknowledge(int vcpu) {
        int[] intid = new int[1];
        vm.enter(vcpu, () -> {
            VirtualCpuInterface cpu = vm.ports.get(vcpu).cpu.gic();
            cpu.setPmr(0xff);
            cpu.setEnabled(true, true);
            intid[0] = cpu.acknowledge(true);
            cpu.endOfInterrupt(intid[0], true);
        });
        return intid[0];
    }

    @Test
    void registersTellOfLpisAndSixteenBits() {
        assertThat(vm.read(FakeVm.ITS + Gits.TYPER, 8)).isEqualTo(1 | 7 << 4 | 15 << 8 | 15 << 13);
        assertThat(vm.read(FakeVm.ITS + Gits.CTLR, 4)).isEqualTo(Gits.CTLR_QUIESCENT);
        assertThat(vm.read(FakeVm.ITS + Gits.IIDR, 4)).isEqualTo(0x4b00_343bL);
        assertThat(vm.read(FakeVm.ITS + Gicd.PIDR2, 4)).isEqualTo(0x3b);
        assertThat(vm.read(FakeVm.ITS + Gits.BASER, 8) >>> 56 & 7).isEqualTo(Gits.TYPE_DEVICE);
        assertThat(vm.read(FakeVm.ITS + Gits.BASER + 8, 8) >>> 56 & 7).isEqualTo(Gits.TYPE_COLLECTION);
        assertThat(vm.read(FakeVm.GICD + Gicd.TYPER, 4) & Gicd.TYPER_LPIS).isNotZero();
        assertThat(vm.read(FakeVm.GICR + Gicr.TYPER, 8) & Gicr.TYPER_PLPIS).isNotZero();
    }

    @Test
    void aMessageBecomesTheLpiOfItsEvent() {
        mapAll();

        assertThat(signal()).isEqualTo(1);

        assertThat(vm.ports.get(0).kicks).isPositive();
        assertThat(acknowledge(0)).isEqualTo(LPI);
        assertThat(acknowledge(0)).isEqualTo(VirtualCpuInterface.SPURIOUS);
        assertThat(vm.read(FakeVm.ITS + Gits.CREADR, 8)).isEqualTo(4 * ItsCommand.SIZE);
    }

    @Test
    void aMessageThatNobodyMappedIsBlocked() {
        turnOn();

        assertThat(signal()).isZero();
        assertThat(vm.vgic.signalMsi(FakeVm.ITS, DEVICE, EVENT)).isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void whileTheItsIsOffMessagesAreRefused() {
        assertThat(signal()).isEqualTo(Errno.EBUSY.negated());
    }

    @Test
    void aMovedEventGoesToTheOtherVcpu() {
        mapAll();

        command(ItsCommand.MOVI | (long) DEVICE << 32, EVENT, 1, 0);
        signal();

        assertThat(acknowledge(0)).isEqualTo(VirtualCpuInterface.SPURIOUS);
        assertThat(acknowledge(1)).isEqualTo(LPI);
    }

    @Test
    void aPendingLpiFollowsItsCollection() {
        mapAll();
        signal();

        collection(0, 1);

        assertThat(acknowledge(0)).isEqualTo(VirtualCpuInterface.SPURIOUS);
        assertThat(acknowledge(1)).isEqualTo(LPI);
    }

    @Test
    void whoHoldsAMovedLpiIsToldToHandItOver() {
        mapAll();
        signal();
        // It stays on the list of the vCPU, which sleeps.
        command(ItsCommand.CLEAR | (long) DEVICE << 32, EVENT, 0, 0);
        command(ItsCommand.MOVI | (long) DEVICE << 32, EVENT, 1, 0);
        int before = vm.ports.get(0).kicks;

        signal();

        assertThat(vm.ports.get(0).kicks).isGreaterThan(before);
        int target = vm.ports.get(1).kicks;
        vm.vcpus.get(0).prune();
        assertThat(vm.ports.get(1).kicks).isGreaterThan(target);
        assertThat(vm.vcpus.get(0).isInterruptPending()).isFalse();
        assertThat(acknowledge(1)).isEqualTo(LPI);
    }

    @Test
    void aPendingInterruptThatAnotherVcpuDeactivatesWakesItsVcpu() {
        turnOn();
        int spi = 40;
        vm.enter(0, () -> vm.ports.get(0).cpu.gic().setPmr(0xff));
        vm.write(FakeVm.GICD + Gicd.ISENABLER + 4, 4, 1L << spi - 32);
        vm.write(FakeVm.GICD + Gicd.ISACTIVER + 4, 4, 1L << spi - 32);
        vm.vgic.inject(null, spi, true, false);
        assertThat(vm.vcpus.get(0).isInterruptPending()).isFalse();
        int before = vm.ports.get(0).kicks;

        vm.write(FakeVm.GICD + Gicd.ICACTIVER + 4, 4, 1L << spi - 32);

        assertThat(vm.ports.get(0).kicks).isGreaterThan(before);
        assertThat(vm.vcpus.get(0).isInterruptPending()).isTrue();
    }

    @Test
    void moveAllMovesEveryLpi() {
        mapAll();

        command(ItsCommand.MOVALL, 0, 0, 1L << 16);
        signal();

        assertThat(acknowledge(1)).isEqualTo(LPI);
    }

    @Test
    void intAndClearActOnThePendingState() {
        mapAll();
        command(ItsCommand.INT | (long) DEVICE << 32, EVENT, 0, 0);
        assertThat(acknowledge(0)).isEqualTo(LPI);

        command(ItsCommand.INT | (long) DEVICE << 32, EVENT, 0, 0);
        command(ItsCommand.CLEAR | (long) DEVICE << 32, EVENT, 0, 0);

        assertThat(acknowledge(0)).isEqualTo(VirtualCpuInterface.SPURIOUS);
    }

    @Test
    void invReadsTheConfigurationAgain() {
        mapAll();
        vm.poke(CONFIGURATION + LPI - 8192, 1, 0xa0);
        command(ItsCommand.INV | (long) DEVICE << 32, EVENT, 0, 0);
        signal();
        assertThat(acknowledge(0)).isEqualTo(VirtualCpuInterface.SPURIOUS);

        vm.poke(CONFIGURATION + LPI - 8192, 1, 0xa0 | Gicr.LPI_ENABLE);
        command(ItsCommand.INVALL, 0, 0, 0);

        assertThat(acknowledge(0)).isEqualTo(LPI);
    }

    @Test
    void discardForgetsTheEventAndItsPendingLpi() {
        mapAll();
        signal();

        command(ItsCommand.DISCARD | (long) DEVICE << 32, EVENT, 0, 0);

        assertThat(acknowledge(0)).isEqualTo(VirtualCpuInterface.SPURIOUS);
        assertThat(signal()).isZero();
    }

    @Test
    void unmappingTheDeviceForgetsItsEvents() {
        mapAll();

        command(ItsCommand.MAPD | (long) DEVICE << 32, 4, 0, 0);

        assertThat(signal()).isZero();
        assertThat(vm.vgic.irq(LPI)).isNull();
    }

    @Test
    void pendingTableIsTakenOverWhenAnEventIsMapped() {
        turnOn();
        device(0);
        collection(0, 0);
        vm.poke(PENDING + LPI / 8, 1, 1 << LPI % 8);

        event(LPI, 0);

        assertThat(acknowledge(0)).isEqualTo(LPI);
    }

    @Test
    void lpisOutsideTheConfigurationTableAreNotMapped() {
        turnOn();
        device(0);
        collection(0, 0);

        event(8191, 0);
        assertThat(signal()).isZero();
        command(ItsCommand.MAPTI | (long) DEVICE << 32, EVENT | 65536L << 32, 0, 0);

        assertThat(signal()).isZero();
    }

    @Test
    void devicesBeyondTheirTableAreNotMapped() {
        turnOn();
        // The device table has eight pages of 64 KiB: 65536 devices.
        command(ItsCommand.MAPD | 70_000L << 32, 4, VALID | ITT, 0);
        command(ItsCommand.MAPD | (long) DEVICE << 32, 4, VALID | 0x1000, 0);
        collection(0, 0);
        event(LPI, 0);

        assertThat(signal()).as("a translation table outside memory").isZero();
    }

    @Test
    void randomCommandsAndRegistersNeverEscapeTheirBounds() {
        long seed = Long.getLong("ipanema.seed", 20_261_124L);
        System.out.println("VgicItsTest seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        int rounds = Boolean.getBoolean("ipanema.long") ? 200_000 : 5_000;
        int[] registers = {
            Gits.CTLR, Gits.CBASER, Gits.CWRITER, Gits.CREADR, Gits.BASER, Gits.BASER + 8, Gits.BASER + 12
        };
        for (int i = 0; i < rounds; i++) {
            long at = QUEUE + random.nextInt(2048) * 8L;
            switch (random.nextInt(6)) {
                case 0 -> vm.write(FakeVm.ITS + registers[random.nextInt(registers.length)], 4, random.nextLong());
                case 1 -> vm.write(FakeVm.ITS + (registers[random.nextInt(registers.length)] & -8L), 8, table(random));
                case 2 -> vm.write(FakeVm.GICR + (random.nextInt((int) Gicr.SIZE) & -4L), 4, random.nextLong());
                case 3 -> vm.vgic.signalMsi(FakeVm.ITS + Gits.TRANSLATER, random.nextInt(4), random.nextInt(4));
                case 4 -> vm.poke(at / 32 * 32, 8, random.nextInt(16) | (long) random.nextInt(4) << 32);
                default -> vm.poke(at, 8, random.nextBoolean() ? random.nextLong() : table(random));
            }
            if (random.nextInt(50) == 0) {
                turnOn();
                vm.write(FakeVm.ITS + Gits.CWRITER, 8, random.nextInt(2048) * 32L);
                acknowledge(random.nextInt(2));
            }
        }

        assertThat(vm.vgic.lpis().all()).allMatch(irq -> irq.intid >= 8192 && irq.intid < 65536);
    }

    private static long table(SplittableRandom random) {
        return VALID | FakeVm.RAM + random.nextInt(64) * 0x1_0000L | random.nextInt(256);
    }
}
