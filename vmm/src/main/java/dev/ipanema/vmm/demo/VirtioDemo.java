package dev.ipanema.vmm.demo;

import dev.ipanema.devices.bus.IrqLine;
import dev.ipanema.devices.virtio.VirtioMmio;
import dev.ipanema.devices.virtio.VirtioRng;
import dev.ipanema.guests.program.CacheProgram;
import dev.ipanema.guests.program.VirtioProgram;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.vmm.device.GuestDma;
import dev.ipanema.vmm.device.GuestRanges;
import java.util.List;

/// A virtio device whose rings the guest maps Non-cacheable while the VMM reaches them through the
/// caches: what a guest does when the device tree does not call the device dma-coherent. Reported of
/// real machines as firecracker-microvm/firecracker issue 5536 and au-ts/sddf pull request 753.
final class VirtioDemo implements Demo {
    private static final long SEED = 1;

    @Override
    public String name() {
        return "virtio";
    }

    @Override
    public String summary() {
        return "a virtio device whose rings the guest maps Non-cacheable and the VMM cacheable";
    }

    @Override
    public DemoReport run(DemoStage stage) {
        return DemoReport.of(
                name(),
                stage,
                List.of(
                        drive(stage, "the driver maps rings and buffers write-back (dma-coherent)", false),
                        drive(stage, "the driver maps rings and buffers Non-cacheable", true)),
                List.of());
    }

    private static DemoPart drive(DemoStage stage, String title, boolean uncached) {
        try (Scene scene = new Scene(stage, title)) {
            return drive(scene, uncached);
        }
    }

    private static DemoPart drive(Scene scene, boolean uncached) {
        AddressSpace mm = scene.host().newAddressSpace();
        try (DemoVm vm = scene.vm(mm, new VirtioProgram(uncached))) {
            GuestDma dma = new GuestDma(
                    mm.userMemory(), GuestRanges.of(CacheProgram.RAM, CacheProgram.RAM_SIZE, DemoVm.RAM_HVA));
            vm.setDevice(new VirtioMmio(new VirtioRng(SEED), dma, IrqLine.NONE));
            Reports reports = vm.run();
            FinalType type = vm.type(reports.get(VirtioProgram.TRANSLATION));
            int answered = 0;
            for (int request = 0; request < VirtioProgram.REQUESTS; request++) {
                answered += step(scene, reports, request, type) ? 1 : 0;
            }
            return end(scene, type, answered);
        }
    }

    /// {@return whether a request was answered in the driver's eyes}
    private static boolean step(Scene scene, Reports reports, int request, FinalType type) {
        long used = reports.get(VirtioProgram.USED + request);
        boolean bytes = reports.get(VirtioProgram.BYTES + request) != VirtioProgram.UNTOUCHED;
        scene.step("guest", "request " + (request + 1) + ": fills the rings, notifies, polls", type.toString(), "");
        scene.step(
                "guest",
                "looks at the used ring and its buffer",
                type.word(),
                "index " + used + ", " + (bytes ? "bytes from the device" : "the buffer as it was"));
        return used == request + 1 && bytes;
    }

    private static DemoPart end(Scene scene, FinalType type, int answered) {
        boolean all = answered == VirtioProgram.REQUESTS;
        String count = answered + " of " + VirtioProgram.REQUESTS + " requests are answered";
        if (!all) {
            return scene.end(
                    count + ": the VMM's rings are in the caches, the guest's (" + type.word() + ") in memory", true);
        }
        return scene.end(
                count + (type.isForced() ? "; FEAT_S2FWB made the rings " + type.word() + " and hides it" : ""), false);
    }
}
