package dev.ipanema.vmm.boot;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.devices.pci.PciHostBridge;
import dev.ipanema.images.format.GuestImage;
import dev.ipanema.images.format.SymbolTable;
import dev.ipanema.kvm.mmu.Maintenance;
import dev.ipanema.machine.cpu.InstructionClock;
import dev.ipanema.vmm.device.GuestDevice;
import dev.ipanema.vmm.passthrough.HostDevice;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// What a [VirtMachine] shall be.
///
/// @param boot what it starts with
/// @param symbols names for its addresses, empty: those of the image
/// @param initrd the initial RAM disk, null for none; not copied, never written
/// @param params the kernel's command line, may be empty
/// @param cpus vCPUs, 1 to [Irqchip#maxCpus()]
/// @param ramSize bytes of RAM from [VirtMap#RAM] on, a multiple of 4 KiB
/// @param backend what the RAM is made of
/// @param devices further devices, closed with the machine
/// @param hostDevices devices of the host that are given to the guest
/// @param dtb the user's device tree, null for the machine's own
/// @param irqchip the interrupt controller
/// @param reboot whether PSCI SYSTEM_RESET starts the machine anew; otherwise it ends the run
/// @param epochSeconds the wall clock, in seconds since 1970
/// @param clock the ticker that the host was made with when the run has to repeat exactly, else null
/// @param leftOut cache maintenance that KVM does not do
/// @param seed of the randomness that the guest is given
@SuppressWarnings("ArrayRecordComponent") // Files, shared and never written.
public record VirtConfig(
        GuestBoot boot,
        SymbolTable symbols,
        byte @Nullable [] initrd,
        String params,
        int cpus,
        long ramSize,
        Backend backend,
        List<GuestDevice> devices,
        List<HostDevice> hostDevices,
        byte @Nullable [] dtb,
        Irqchip irqchip,
        boolean reboot,
        LongSupplier epochSeconds,
        @Nullable InstructionClock clock,
        Set<Maintenance> leftOut,
        long seed) {
    private static final long PAGE = 4 * Sizes.KIB;
    private static final long NANOS = 1_000_000_000L;

    /// What the wall clock says at the start of a run that repeats exactly: 2026-01-01.
    private static final long DETERMINISTIC_EPOCH = 1_767_225_600L;

    /// What RAM is made of.
    public enum Backend {
        /// Anonymous memory of the VMM.
        ANONYMOUS,
        /// Extended GPU memory: memory of the host that its kernel does not know (`/dev/egm0`), a cacheable PFN
        /// mapping.
        EGM
    }

    public VirtConfig {
        devices = List.copyOf(devices);
        hostDevices = List.copyOf(hostDevices);
        leftOut = Set.copyOf(leftOut);
        if (ramSize < PAGE || ramSize % PAGE != 0 || ramSize > VirtMap.MAX_RAM) {
            throw new BadInput("-m: guest memory is up to " + Sizes.format(VirtMap.MAX_RAM) + " in steps of 4K, not "
                    + Sizes.format(ramSize));
        }
        long mmio = devices.stream()
                .filter(each -> each.transport() == GuestDevice.Transport.MMIO)
                .count();
        if (mmio > VirtMap.VIRTIO_MMIO_COUNT) {
            throw new BadInput(
                    "--device: " + mmio + " devices by MMIO; at most " + VirtMap.VIRTIO_MMIO_COUNT + " are possible");
        }
        long pci = devices.size()
                - mmio
                + hostDevices.stream()
                        .filter(HostDevice.Function.class::isInstance)
                        .count();
        if (pci >= PciHostBridge.SLOTS) {
            throw new BadInput(
                    "--device: " + pci + " devices by PCI; at most " + (PciHostBridge.SLOTS - 1) + " are possible");
        }
        if (cpus < 1 || cpus > irqchip.maxCpus()) {
            throw new BadInput(
                    "-c: 1 to " + irqchip.maxCpus() + " vCPUs are possible with " + irqchip.word() + ", not " + cpus);
        }
    }

    /// {@return a builder of a machine with one vCPU, which starts an image}
    public static Builder builder(GuestImage image, long ramSize) {
        return builder(new GuestBoot.Kernel(image), ramSize);
    }

    /// {@return a builder of a machine with one vCPU}
    public static Builder builder(GuestBoot boot, long ramSize) {
        return new Builder(boot, ramSize);
    }

    /// Collects what a machine shall be.
    public static final class Builder {
        private final GuestBoot boot;
        private final long ramSize;
        private SymbolTable symbols = SymbolTable.EMPTY;
        private byte @Nullable [] initrd;
        private String params = "";
        private int cpus = 1;
        private Irqchip irqchip = Irqchip.GICV3_ITS;
        private Backend backend = Backend.ANONYMOUS;
        private List<GuestDevice> devices = List.of();
        private List<HostDevice> hostDevices = List.of();
        private byte @Nullable [] dtb;
        private boolean reboot = true;
        private LongSupplier epochSeconds = () -> System.currentTimeMillis() / 1000;
        private @Nullable InstructionClock clock;
        private Set<Maintenance> leftOut = Set.of();
        private long seed = 1;

        private Builder(GuestBoot boot, long ramSize) {
            this.boot = boot;
            this.ramSize = ramSize;
        }

        /// Sets the names for the guest's addresses.
        public Builder symbols(SymbolTable table) {
            symbols = table;
            return this;
        }

        /// Sets the initial RAM disk, null for none.
        public Builder initrd(byte @Nullable [] bytes) {
            initrd = bytes;
            return this;
        }

        /// Sets the kernel's command line.
        public Builder params(String text) {
            params = text;
            return this;
        }

        /// Sets how many vCPUs there are.
        public Builder cpus(int count) {
            cpus = count;
            return this;
        }

        /// Sets the further devices.
        public Builder devices(List<GuestDevice> list) {
            devices = list;
            return this;
        }

        /// Sets what the RAM is made of.
        public Builder backend(Backend kind) {
            backend = kind;
            return this;
        }

        /// Sets the devices of the host that are given to the guest.
        public Builder hostDevices(List<HostDevice> list) {
            hostDevices = list;
            return this;
        }

        /// Sets the user's device tree, null for the machine's own.
        public Builder dtb(byte @Nullable [] bytes) {
            dtb = bytes;
            return this;
        }

        /// Sets the interrupt controller.
        public Builder irqchip(Irqchip kind) {
            irqchip = kind;
            return this;
        }

        /// Sets whether PSCI SYSTEM_RESET starts the machine anew.
        public Builder reboot(boolean again) {
            reboot = again;
            return this;
        }

        /// Sets the wall clock, in seconds since 1970; by default the host's.
        public Builder epochSeconds(LongSupplier clock) {
            epochSeconds = clock;
            return this;
        }

        /// Makes the run repeat exactly: one vCPU runs at a time, and time is what the host's machine executes. Input
        /// from outside has to come from the console's own output then.
        ///
        /// @param instructions the ticker that the host was made with, attached to its machine
        public Builder deterministic(InstructionClock instructions) {
            clock = instructions;
            epochSeconds = () -> DETERMINISTIC_EPOCH + instructions.nanos() / NANOS;
            return this;
        }

        /// Makes KVM leave out cache maintenance.
        public Builder leaveOut(Set<Maintenance> maintenance) {
            leftOut = maintenance;
            return this;
        }

        /// Sets the seed of the guest's randomness.
        public Builder seed(long value) {
            seed = value;
            return this;
        }

        /// {@return the configuration}
        ///
        /// @throws BadInput when a value is out of its range
        public VirtConfig build() {
            return new VirtConfig(
                    boot,
                    symbols,
                    initrd,
                    params,
                    cpus,
                    ramSize,
                    backend,
                    devices,
                    hostDevices,
                    dtb,
                    irqchip,
                    reboot,
                    epochSeconds,
                    clock,
                    leftOut,
                    seed);
        }
    }
}
