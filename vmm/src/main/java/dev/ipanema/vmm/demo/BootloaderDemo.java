package dev.ipanema.vmm.demo;

import dev.ipanema.guests.program.BootProgram;
import dev.ipanema.guests.program.CacheProgram;
import java.util.List;

/// A boot loader enters what it has loaded with MMU and caches off: once as the boot protocol has it,
/// and with either of its cache rules left out.
final class BootloaderDemo implements Demo {
    @Override
    public String name() {
        return "bootloader";
    }

    @Override
    public String summary() {
        return "what is loaded with the caches on and entered with them off: the boot protocol's cache rules";
    }

    @Override
    public DemoReport run(DemoStage stage) {
        return DemoReport.of(
                name(),
                stage,
                List.of(
                        boot(stage, "the right loader and the right payload", true, true),
                        boot(stage, "the loader does not clean what it has loaded (DC CVAC)", false, true),
                        boot(stage, "the payload does not invalidate what it has stored (DC IVAC)", true, false)),
                List.of());
    }

    private static DemoPart boot(DemoStage stage, String title, boolean cleans, boolean invalidates) {
        try (Scene scene = new Scene(stage, title);
                DemoVm vm = scene.vm(scene.host().newAddressSpace(), new BootProgram(cleans, invalidates))) {
            vm.write(CacheProgram.DATA, BootProgram.oldPayload());
            scene.step("VMM", "loads the boot loader, and an older payload where the new one will go");
            Reports reports = vm.run();
            FinalType on = vm.type(reports.get(BootProgram.LOADER_TRANSLATION));
            FinalType off = vm.type(reports.get(BootProgram.PAYLOAD_TRANSLATION));
            scene.step("loader", "copies the payload" + (cleans ? " and cleans it" : ""), on.toString(), "");
            boolean isNew = reports.get(BootProgram.VERSION) == BootProgram.NEW;
            scene.step(
                    "loader",
                    "switches MMU and caches off and enters it",
                    vm.fetchTypeWithMmuOff(CacheProgram.DATA).toString(),
                    isNew ? "the new payload runs" : "the OLD payload runs");
            if (!isNew) {
                return scene.end("the old payload runs: the new one is in the caches only", true);
            }
            return payload(scene, on, off, invalidates, reports.get(BootProgram.VARIABLE));
        }
    }

    private static DemoPart payload(Scene scene, FinalType on, FinalType off, boolean invalidates, long seen) {
        scene.step(
                "payload",
                "stores " + BootProgram.NEW + " over 0" + (invalidates ? " and invalidates the line" : ""),
                off.toString(),
                "");
        scene.step("payload", "switches MMU and caches on and loads it", on.toString(), Long.toString(seen));
        if (seen != BootProgram.NEW) {
            return scene.end("the payload reads what was there before its store: a line was left", true);
        }
        return scene.end(
                "everything is seen"
                        + (off.isForced() ? ": with FEAT_S2FWB memory is cacheable with the MMU off, too" : ""),
                false);
    }
}
