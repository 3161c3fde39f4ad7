package dev.ipanema.vmm.boot;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.devices.bus.IrqLine;
import dev.ipanema.devices.bus.MsiSink;
import dev.ipanema.kvm.uapi.KvmDevice;
import dev.ipanema.kvm.uapi.KvmDeviceUapi;
import dev.ipanema.kvm.vm.KvmError;
import dev.ipanema.kvm.vm.Vm;

/// The interrupt controller of a machine, KVM's own, and the wires of the devices to it.
final class VirtInterrupts {
    /// Private interrupts, and 256 shared ones as QEMU's `virt` has.
    private static final int LINES = 288;

    private static final int FIRST_SPI = 32;

    private final Vm vm;

    /// Makes the controller of a VM whose vCPUs are there already.
    ///
    /// @throws BadInput when the host does not have it
    VirtInterrupts(Vm vm, Irqchip irqchip) {
        this.vm = vm;
        boolean v2 = irqchip == Irqchip.GICV2;
        KvmDevice gic =
                create(irqchip, v2 ? KvmDeviceUapi.KVM_DEV_TYPE_ARM_VGIC_V2 : KvmDeviceUapi.KVM_DEV_TYPE_ARM_VGIC_V3);
        set(gic, KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, LINES);
        if (v2) {
            address(gic, KvmDeviceUapi.KVM_VGIC_V2_ADDR_TYPE_DIST, VirtMap.GICD);
            address(gic, KvmDeviceUapi.KVM_VGIC_V2_ADDR_TYPE_CPU, VirtMap.GICC);
        } else {
            address(gic, KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_DIST, VirtMap.GICD);
            address(gic, KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_REDIST, VirtMap.GICR);
        }
        initialize(gic);
        if (irqchip == Irqchip.GICV3_ITS) {
            KvmDevice its = create(irqchip, KvmDeviceUapi.KVM_DEV_TYPE_ARM_VGIC_ITS);
            address(its, KvmDeviceUapi.KVM_VGIC_ITS_ADDR_TYPE, VirtMap.ITS);
            initialize(its);
        }
    }

    private KvmDevice create(Irqchip irqchip, int type) {
        try {
            return vm.createDevice(type);
        } catch (KvmError e) {
            throw new BadInput("--irqchip " + irqchip.word() + ": " + e.getMessage(), BadInput.FINDING);
        }
    }

    private static void address(KvmDevice device, int type, long ipa) {
        set(device, KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_ADDR, type, ipa);
    }

    private static void initialize(KvmDevice device) {
        set(device, KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_CTRL, KvmDeviceUapi.KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
    }

    private static void set(KvmDevice device, int group, long attr, long value) {
        VirtHardware.succeed(
                "KVM_SET_DEVICE_ATTR group " + group + " attr " + attr, device.setAttr(group, attr, value));
    }

    /// {@return the wire of a shared peripheral interrupt; any thread may drive it}
    ///
    /// @param number counted from 0, as in a device tree
    IrqLine spi(int number) {
        int irq = KvmDeviceUapi.KVM_ARM_IRQ_TYPE_SPI << KvmDeviceUapi.KVM_ARM_IRQ_TYPE_SHIFT | FIRST_SPI + number;
        return level -> VirtHardware.succeed("KVM_IRQ_LINE", vm.irqLine(irq, level));
    }

    /// {@return where message-signalled interrupts go. What address and data the guest has given a device is the
    /// guest's affair: a message that no ITS takes is lost, as on hardware}
    MsiSink msi() {
        return (address, data, deviceId) -> vm.signalMsi(address, data, KvmDeviceUapi.KVM_MSI_VALID_DEVID, deviceId);
    }
}
