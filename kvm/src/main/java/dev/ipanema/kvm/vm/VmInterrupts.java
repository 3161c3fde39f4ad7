package dev.ipanema.kvm.vm;

import dev.ipanema.arm.gic.Intid;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.abort.KvmIoDevice;
import dev.ipanema.kvm.mmu.GuestBytes;
import dev.ipanema.kvm.timer.TimerIrqs;
import dev.ipanema.kvm.uapi.KvmDevice;
import dev.ipanema.kvm.uapi.KvmDeviceUapi;
import dev.ipanema.kvm.vgic.Vgic;
import dev.ipanema.kvm.vgic.VgicDevice;
import dev.ipanema.kvm.vgic.VgicHost;
import dev.ipanema.kvm.vgic.VgicItsDevice;
import dev.ipanema.kvm.vgic.VgicVcpu;
import dev.ipanema.machine.cpu.GicvFrame;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// The interrupts of a VM: its vGIC, and the ioctls that make it and raise lines (`vgic-init.c:kvm_vgic_create`,
/// `arm.c:kvm_vm_ioctl_irq_line`). Any thread may call them.
final class VmInterrupts {
    private static final int EINVAL = Errno.EINVAL.negated();
    private static final int ENXIO = Errno.ENXIO.negated();
    private static final int ENODEV = Errno.ENODEV.negated();

    /// `VGIC_V2_MAX_CPUS`.
    private static final int MAX_VCPUS_V2 = 8;

    private static final int VCPUS_PER_VCPU2 = 256;

    private final Vm vm;
    private final TimerIrqs timerIrqs = new TimerIrqs();
    private final List<IntConsumer> ackListeners = new CopyOnWriteArrayList<>();
    private final GuestBytes guestBytes;
    private volatile @Nullable Vgic vgic;

    VmInterrupts(Vm vm) {
        this.vm = vm;
        this.guestBytes = new GuestBytes(vm.memory());
    }

    /// What the vGIC sees of the VM.
    private final class Port implements VgicHost {
        @Override
        public void haltGuest() {
            for (Vcpu vcpu : vm.vcpus()) {
                vcpu.requests().halt();
            }
            for (Vcpu vcpu : vm.vcpus()) {
                vcpu.requests().awaitOutside();
            }
        }

        @Override
        public void resumeGuest() {
            for (Vcpu vcpu : vm.vcpus()) {
                vcpu.requests().resume();
            }
        }

        @Override
        public boolean tryLockAllVcpus() {
            List<Vcpu> vcpus = vm.vcpus();
            for (int i = 0; i < vcpus.size(); i++) {
                if (!vcpus.get(i).tryLock()) {
                    for (int locked = 0; locked < i; locked++) {
                        vcpus.get(locked).unlock();
                    }
                    return false;
                }
            }
            return true;
        }

        @Override
        public void unlockAllVcpus() {
            for (Vcpu vcpu : vm.vcpus()) {
                vcpu.unlock();
            }
        }

        @Override
        public int registerMmio(long ipa, long size, KvmIoDevice device) {
            return vm.registerDevice(ipa, size, device);
        }

        @Override
        public int mapCpuInterface(long ipa) {
            return vm.memory().ioremap(ipa, vm.kvm().gicvBase(), GicvFrame.SIZE);
        }

        @Override
        public int ipaBits() {
            return vm.ipaBits();
        }

        @Override
        public boolean isGuestMemory(long ipa) {
            return guestBytes.isMemory(ipa);
        }

        @Override
        public boolean readGuest(long ipa, byte[] to, int offset, int length) {
            return guestBytes.read(ipa, to, offset, length);
        }

        @Override
        public boolean writeGuest(long ipa, byte[] from, int offset, int length) {
            return guestBytes.write(ipa, from, offset, length);
        }

        @Override
        public void notifyAcked(int spi) {
            for (IntConsumer listener : ackListeners) {
                listener.accept(spi);
            }
        }
    }

    /// {@return the vGIC, null when there is none}
    @Nullable
    Vgic vgic() {
        return vgic;
    }

    TimerIrqs timerIrqs() {
        return timerIrqs;
    }

    /// Adds who is told that the guest has ended a level-triggered SPI (`kvm_register_irq_ack_notifier`).
    void onAck(IntConsumer listener) {
        ackListeners.add(listener);
    }

    /// `KVM_CREATE_DEVICE`.
    ///
    /// @throws KvmError with -ENODEV for a type that is not there, -EEXIST, -EBUSY, -E2BIG as `kvm_vgic_create`
    KvmDevice create(int type) {
        if (type == KvmDeviceUapi.KVM_DEV_TYPE_ARM_VGIC_ITS) {
            Vgic present = vgic;
            if (present == null || !present.isV3()) {
                throw new KvmError(ENODEV, "KVM_CREATE_DEVICE of an ITS without a GICv3");
            }
            return new VgicItsDevice(present);
        }
        boolean v3 = type == KvmDeviceUapi.KVM_DEV_TYPE_ARM_VGIC_V3;
        if (!v3 && (type != KvmDeviceUapi.KVM_DEV_TYPE_ARM_VGIC_V2 || vm.kvm().gicvBase() < 0)) {
            throw new KvmError(ENODEV, "KVM_CREATE_DEVICE type " + type);
        }
        synchronized (vm) {
            int result = mayCreate(v3);
            if (result < 0) {
                throw new KvmError(result, "KVM_CREATE_DEVICE type " + type);
            }
            Vgic made = new Vgic(new Port(), v3);
            for (Vcpu vcpu : vm.vcpus()) {
                vcpu.interrupts().attach(made);
            }
            vgic = made;
            return new VgicDevice(made);
        }
    }

    private int mayCreate(boolean v3) {
        if (vgic != null) {
            return Errno.EEXIST.negated();
        }
        for (Vcpu vcpu : vm.vcpus()) {
            if (vcpu.hasRunOnce()) {
                return Errno.EBUSY.negated();
            }
        }
        return vm.vcpus().size() > (v3 ? Vm.MAX_VCPUS : MAX_VCPUS_V2) ? Errno.E2BIG.negated() : 0;
    }

    /// {@return the most vCPUs that the VM may have}
    int maxVcpus() {
        Vgic present = vgic;
        return present == null || present.isV3() ? Vm.MAX_VCPUS : MAX_VCPUS_V2;
    }

    /// `KVM_IRQ_LINE`.
    ///
    /// @param irq kind, vCPU and number, see [KvmDeviceUapi#KVM_ARM_IRQ_TYPE_SHIFT]
    int irqLine(int irq, boolean level) {
        int type = irq >>> KvmDeviceUapi.KVM_ARM_IRQ_TYPE_SHIFT & KvmDeviceUapi.KVM_ARM_IRQ_TYPE_MASK;
        int number = irq & KvmDeviceUapi.KVM_ARM_IRQ_NUM_MASK;
        int index = (irq >>> KvmDeviceUapi.KVM_ARM_IRQ_VCPU_SHIFT & KvmDeviceUapi.KVM_ARM_IRQ_VCPU_MASK)
                + (irq >>> KvmDeviceUapi.KVM_ARM_IRQ_VCPU2_SHIFT & KvmDeviceUapi.KVM_ARM_IRQ_VCPU2_MASK)
                        * VCPUS_PER_VCPU2;
        Vgic controller = vgic;
        return switch (type) {
            case KvmDeviceUapi.KVM_ARM_IRQ_TYPE_CPU -> controller == null ? cpuLine(index, number, level) : ENXIO;
            case KvmDeviceUapi.KVM_ARM_IRQ_TYPE_PPI ->
                controller == null ? ENXIO : ppi(controller, index, number, level);
            case KvmDeviceUapi.KVM_ARM_IRQ_TYPE_SPI -> controller == null ? ENXIO : spi(controller, number, level);
            default -> EINVAL;
        };
    }

    /// `KVM_SIGNAL_MSI`.
    int signalMsi(long address, int data, int flags, int device) {
        Vgic controller = vgic;
        if (controller == null || !controller.isInitialized()) {
            return ENODEV;
        }
        if (flags != KvmDeviceUapi.KVM_MSI_VALID_DEVID) {
            return EINVAL;
        }
        return controller.signalMsi(address, Integer.toUnsignedLong(device), Integer.toUnsignedLong(data));
    }

    private @Nullable Vcpu at(int index) {
        List<Vcpu> vcpus = vm.vcpus();
        return index < vcpus.size() ? vcpus.get(index) : null;
    }

    private int cpuLine(int index, int number, boolean level) {
        Vcpu vcpu = at(index);
        if (vcpu == null || number > KvmDeviceUapi.KVM_ARM_IRQ_CPU_FIQ) {
            return EINVAL;
        }
        vcpu.interrupts().line(number == KvmDeviceUapi.KVM_ARM_IRQ_CPU_IRQ ? HcrEl2.VI : HcrEl2.VF, level);
        return 0;
    }

    private int ppi(Vgic controller, int index, int number, boolean level) {
        Vcpu vcpu = at(index);
        VgicVcpu target = vcpu == null ? null : vcpu.interrupts().vgic();
        if (target == null || Intid.isSgi(number) || !Intid.isPrivate(number)) {
            return EINVAL;
        }
        return controller.inject(target, number, level, false);
    }

    private static int spi(Vgic controller, int number, boolean level) {
        return Intid.isPrivate(number) ? EINVAL : controller.inject(null, number, level, false);
    }
}
