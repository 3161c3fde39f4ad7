package dev.ipanema.vmm.demo;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.guests.program.CacheProgram;
import dev.ipanema.guests.program.LeakProgram;
import dev.ipanema.host.driver.DeviceRegion;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.Vma;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/// Memory of a GPU goes from one tenant to the next: the first leaves a secret, its VMM zeroes the
/// memory through its own write-back mapping, and the second looks.
///
/// What the second sees depends on KVM: mapped as a device, its loads go past the caches that hold the
/// zeroes. That is what the second patch of the series closes (message
/// 20250618065541.50049-3-ankita@nvidia.com).
final class LeakDemo implements Demo {
    private static final byte[] SECRET = "Tenant A's secret is 0x5eed5eed.".getBytes(StandardCharsets.US_ASCII);

    @Override
    public String name() {
        return "leak";
    }

    @Override
    public String summary() {
        return "GPU memory goes from tenant to tenant: does the second read the first one's secret?";
    }

    @Override
    public DemoReport run(DemoStage stage) {
        if (stage.profile().gpu() == null) {
            throw new BadInput("Host '" + stage.profile().name() + "' has no GPU whose memory could be handed on");
        }
        String title = Sizes.format(CacheProgram.MEMORY_SIZE) + " of GPU memory, none of the host kernel's own";
        try (Scene scene = new Scene(stage, title)) {
            Handover handover = new Handover(scene, GpuMapping.memory(scene.host(), stage.version()));
            DemoPart part = handover.run();
            return DemoReport.of(name(), stage, List.of(part), handover.notes);
        }
    }

    /// One way of the memory through two virtual machines and two processes.
    private static final class Handover {
        private final Scene scene;
        private final DeviceRegion memory;
        private final List<String> notes = new ArrayList<>();

        Handover(Scene scene, DeviceRegion memory) {
            this.scene = scene;
            this.memory = memory;
        }

        DemoPart run() {
            AddressSpace first = scene.host().newAddressSpace();
            long hva = GpuMapping.map(first, memory);
            try (DemoVm vm = scene.vm(first, LeakProgram.writing(SECRET))) {
                int errno = vm.addMemory(hva);
                if (errno != 0) {
                    return refused(vm, errno);
                }
                Reports reports = vm.run();
                FinalType type = vm.type(reports.get(LeakProgram.TRANSLATION));
                scene.step("VM A", "stores its secret and loads it", type.toString(), text(bytes(reports)));
            }
            scene.step("VM A", "is destroyed");
            zero(first, hva);
            first.close();
            AddressSpace second = scene.host().newAddressSpace();
            long secondHva = GpuMapping.map(second, memory);
            try (DemoVm vm = scene.vm(second, LeakProgram.reading())) {
                int errno = vm.addMemory(secondHva);
                return errno != 0 ? refused(vm, errno) : look(vm);
            }
        }

        private DemoPart refused(DemoVm vm, int errno) {
            scene.refused(vm, errno);
            return scene.end("no guest is given memory that KVM would map otherwise than the VMM has mapped it", false);
        }

        /// The reset of a tenant's memory, by the process that owned it.
        private void zero(AddressSpace mm, long hva) {
            byte[] zeroes = new byte[(int) memory.length()];
            mm.userMemory().write(hva, zeroes, 0, zeroes.length);
            byte[] seen = new byte[SECRET.length];
            mm.userMemory().read(hva, seen, 0, seen.length);
            Vma vma = Objects.requireNonNull(mm.findVma(hva));
            scene.step(
                    "VMM",
                    "zeroes the memory through its own mapping and looks",
                    FinalType.word(vma.pageProt().memoryAttributes()) + " (" + vma.pageProt() + ")",
                    text(seen));
        }

        private DemoPart look(DemoVm vm) {
            Reports reports = vm.run();
            FinalType type = vm.type(reports.get(LeakProgram.TRANSLATION));
            byte[] seen = bytes(reports);
            scene.step("VM B", "loads what is there", type.toString(), text(seen));
            if (!zeroed(seen)) {
                return scene.end("tenant B reads tenant A's secret: the zeroes are in the caches only", true);
            }
            if (scene.host().caches() != null && !type.isCacheable()) {
                notes.add("KVM gave the guest memory that is not cacheable, beside the VMM's mapping that is: only"
                        + " hardware that has written the zeroes back by then hides it, as this one did.");
            }
            return scene.end("tenant B reads zeroes", false);
        }

        private static boolean zeroed(byte[] seen) {
            return Arrays.equals(seen, new byte[seen.length]);
        }

        private static byte[] bytes(Reports reports) {
            ByteBuffer bytes =
                    ByteBuffer.allocate(LeakProgram.WORDS * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < LeakProgram.WORDS; i++) {
                bytes.putLong(reports.get(LeakProgram.WORD + i));
            }
            return bytes.array();
        }

        private static String text(byte[] bytes) {
            if (zeroed(bytes)) {
                return bytes.length + " bytes of 0";
            }
            String ascii = new String(bytes, StandardCharsets.US_ASCII);
            boolean printable = ascii.chars().allMatch(c -> c >= ' ' && c <= '~');
            return printable ? "\"" + ascii + "\"" : HexFormat.ofDelimiter(" ").formatHex(bytes);
        }
    }
}
