package dev.ipanema.kvm.vgic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.gic.Gicd;
import dev.ipanema.arm.gic.Gicr;
import dev.ipanema.arm.register.IchVtrEl2;
import dev.ipanema.kvm.uapi.KvmDeviceUapi;
import dev.ipanema.machine.cpu.GicvRegisters;
import dev.ipanema.machine.cpu.VirtualCpuInterface;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Guests that write anything anywhere into the frames of a GIC, and VMMs that raise any line meanwhile.
class VgicHostileTest {
    private static final int CPUS = 3;

    private final SplittableRandom random = seeded();

    private static SplittableRandom seeded() {
        long seed = Long.getLong("ipanema.seed", 20_261_125L);
        System.out.println("VgicHostileTest seed " + seed);
        return new SplittableRandom(seed);
    }

    private static FakeVm vm(boolean v3) {
        FakeVm vm = new FakeVm(v3, CPUS);
        VgicDevice gic = new VgicDevice(vm.vgic);
        int address = KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_ADDR;
        if (v3) {
            gic.setAttr(address, KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_DIST, FakeVm.GICD);
            gic.setAttr(address, KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_REDIST, FakeVm.GICR);
        } else {
            gic.setAttr(address, KvmDeviceUapi.KVM_VGIC_V2_ADDR_TYPE_DIST, FakeVm.GICD);
            gic.setAttr(address, KvmDeviceUapi.KVM_VGIC_V2_ADDR_TYPE_CPU, FakeVm.GICD + Gicd.SIZE_V3);
        }
        gic.setAttr(KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_CTRL, KvmDeviceUapi.KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
        assertThat(vm.vgic.mapResources()).isZero();
        return vm;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anythingMayBeWrittenAnywhere(boolean v3) {
        FakeVm vm = vm(v3);
        int rounds = Boolean.getBoolean("ipanema.long") ? 2_000_000 : 30_000;
        for (int i = 0; i < rounds; i++) {
            int len = 1 << random.nextInt(4);
            long frame = v3 && random.nextBoolean() ? FakeVm.GICR : FakeVm.GICD;
            long size = frame == FakeVm.GICR ? Gicr.SIZE * CPUS : v3 ? Gicd.SIZE_V3 : Gicd.SIZE_V2;
            long at = frame + (random.nextInt((int) size - 8) & (random.nextInt(20) == 0 ? -1L : -len));
            switch (random.nextInt(4)) {
                case 0 -> vm.bus.read(random.nextInt(CPUS), at, len);
                case 1 -> vm.bus.write(random.nextInt(CPUS), at, len, random.nextLong());
                case 2 ->
                    vm.vgic.inject(
                            vm.vcpus.get(random.nextInt(CPUS)), random.nextInt(1100) - 20, random.nextBoolean(), false);
                default -> vm.enter(random.nextInt(CPUS), () -> useInterface(vm, v3));
            }
        }
        assertEveryInterruptIsOnOneList(vm);
    }

    private void useInterface(FakeVm vm, boolean v3) {
        VirtualCpuInterface cpu = vm.ports.get(random.nextInt(CPUS)).cpu.gic();
        for (int i = 0; i < 6; i++) {
            if (v3) {
                switch (random.nextInt(7)) {
                    case 0 -> cpu.setPmr(random.nextInt(256));
                    case 1 -> cpu.setEnabled(random.nextBoolean(), random.nextInt(4) != 0);
                    case 2 -> cpu.setCtlr(random.nextInt(4));
                    case 3 -> cpu.setBpr(random.nextBoolean(), random.nextInt(8));
                    case 4 -> cpu.endOfInterrupt(random.nextInt(1024), random.nextBoolean());
                    case 5 -> cpu.deactivateInterrupt(random.nextInt(1024));
                    default -> cpu.endOfInterrupt(cpu.acknowledge(true), true);
                }
            } else if (random.nextBoolean()) {
                GicvRegisters.write(cpu, random.nextInt(0x40) * 4, random.nextInt());
            } else {
                GicvRegisters.read(cpu, random.nextInt(0x40) * 4);
            }
        }
    }

    private static void assertEveryInterruptIsOnOneList(FakeVm vm) {
        for (VgicVcpu vcpu : vm.vcpus) {
            assertThat(vcpu.apList).doesNotHaveDuplicates().allMatch(irq -> vcpu.equals(irq.vcpu));
            assertThat(vm.ports.get(vcpu.id()).cpu.gic().elrsr()).isEqualTo((1 << IchVtrEl2.LIST_REGISTERS) - 1);
        }
    }
}
