package dev.ipanema.vmm.demo;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.devices.bus.LittleEndian;
import dev.ipanema.devices.bus.Registers;
import dev.ipanema.devices.gpu.CopyEngine;
import dev.ipanema.devices.pci.PciConfig;
import dev.ipanema.guests.program.CacheProgram;
import dev.ipanema.guests.program.DmaProgram;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.host.vfio.VfioContainer;
import dev.ipanema.host.vfio.VfioDevice;
import dev.ipanema.host.vfio.VfioOpening;
import dev.ipanema.host.vfio.VfioUapi;
import dev.ipanema.machine.memory.MmioRegion;
import java.util.List;

/// A device of the host that is passed through copies between two write-back buffers of its guest: one
/// that snoops the processors' caches, and one that does not, with and without the maintenance that it
/// needs.
final class DmaDemo implements Demo {
    @Override
    public String name() {
        return "dma";
    }

    @Override
    public String summary() {
        return "a device that does not snoop copies between cacheable buffers of a guest";
    }

    @Override
    public DemoReport run(DemoStage stage) {
        HostProfile.Gpu gpu = stage.profile().gpu();
        if (gpu == null) {
            throw new BadInput("Host '" + stage.profile().name() + "' has no device that could be passed through");
        }
        DemoStage snooping = stage.with(stage.profile().withGpus(List.of(gpu.withSnooping(true))));
        DemoStage other = stage.with(stage.profile().withGpus(List.of(gpu.withSnooping(false))));
        return DemoReport.of(
                name(),
                stage,
                List.of(
                        copy(snooping, "a device that snoops, a driver without maintenance", false),
                        copy(other, "a device that does not snoop, a driver with maintenance", true),
                        copy(other, "a device that does not snoop, a driver without maintenance", false)),
                List.of());
    }

    private static DemoPart copy(DemoStage stage, String title, boolean maintains) {
        try (Scene scene = new Scene(stage, title)) {
            AddressSpace mm = scene.host().newAddressSpace();
            String bdf = scene.host().pciDevices().getFirst();
            VfioOpening opening = scene.host().vfio().open(bdf, stage.version().mapsGpuMemoryAtMmap());
            VfioDevice device = opening.device();
            if (device == null) {
                throw new BadInput(bdf + ": " + opening.reason(), BadInput.FINDING);
            }
            // The device ends before its mappings do.
            try (VfioContainer container = scene.host().vfio().newContainer();
                    device;
                    DemoVm vm = scene.vm(mm, new DmaProgram(maintains))) {
                pass(device, container, mm);
                vm.setDevice(new Engine(device));
                return judge(scene, vm, vm.run(), maintains);
            }
        }
    }

    /// What a VMM does with a device of the host: the guest's memory is what the device reaches, at the
    /// guest's addresses.
    private static void pass(VfioDevice device, VfioContainer container, AddressSpace mm) {
        device.attach(container);
        int errno = container.mapDma(mm, DemoVm.RAM_HVA, CacheProgram.RAM, CacheProgram.RAM_SIZE);
        if (errno != 0) {
            throw new IllegalStateException("VFIO_IOMMU_MAP_DMA failed: " + errno);
        }
        byte[] command = new byte[Short.BYTES];
        LittleEndian.put16(command, 0, PciConfig.COMMAND_MEMORY | PciConfig.COMMAND_MASTER);
        device.pwrite(
                VfioUapi.offsetOf(VfioUapi.VFIO_PCI_CONFIG_REGION_INDEX) + PciConfig.COMMAND,
                command,
                0,
                command.length);
    }

    /// The registers of the copy engine, each access an exit that the VMM passes on.
    private record Engine(VfioDevice device) implements MmioRegion {
        private static final long REGISTERS = VfioUapi.offsetOf(VfioUapi.VFIO_PCI_BAR0_REGION_INDEX) + CopyEngine.BASE;

        @Override
        public long read(long offset, int bytes) {
            byte[] buffer = new byte[bytes];
            long count = device.pread(REGISTERS + offset, buffer, 0, bytes);
            return count == bytes ? Registers.readBytes(i -> buffer[i], 0, bytes) : Registers.truncate(-1, bytes);
        }

        @Override
        public void write(long offset, int bytes, long value) {
            byte[] buffer = new byte[bytes];
            Registers.writeBytes((at, bits) -> buffer[at] = (byte) bits, 0, bytes, value);
            device.pwrite(REGISTERS + offset, buffer, 0, bytes);
        }
    }

    private static DemoPart judge(Scene scene, DemoVm vm, Reports reports, boolean maintains) {
        if (reports.get(DmaProgram.STATUS) != DmaProgram.DONE) {
            throw new BadInput("the copy engine said " + reports.get(DmaProgram.STATUS), BadInput.FINDING);
        }
        String type = vm.type(reports.get(DmaProgram.TRANSLATION)).toString();
        long copied = reports.get(DmaProgram.COPIED);
        long loaded = reports.get(DmaProgram.LOADED);
        scene.step(
                "guest",
                "stores " + DmaProgram.NEW + " over " + DmaProgram.SOURCE_OLD + " in the source"
                        + (maintains ? ", cleans it, invalidates the destination" : ""),
                type,
                "");
        scene.step("device", "copies from the source to the destination", "", "read " + copied);
        scene.step(
                "guest",
                (maintains ? "invalidates the destination and " : "") + "loads it",
                type,
                loaded + (loaded == DmaProgram.DESTINATION_OLD ? ", what it held before" : ""));
        if (copied != DmaProgram.NEW) {
            return scene.end(
                    "device and guest miss what the other stored: one reads memory, the other its caches", true);
        }
        if (loaded != DmaProgram.NEW) {
            return scene.end("the guest misses what the device stored: its line was left in the caches", true);
        }
        return scene.end("the copy is right", false);
    }
}
