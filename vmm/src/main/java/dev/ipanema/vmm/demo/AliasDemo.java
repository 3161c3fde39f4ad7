package dev.ipanema.vmm.demo;

import dev.ipanema.base.text.Sizes;
import dev.ipanema.guests.program.AliasProgram;
import dev.ipanema.host.mm.AddressSpace;
import java.util.ArrayList;
import java.util.List;

/// A guest maps one page twice, write-back and Non-cacheable: a page of RAM, and one of a GPU's memory.
final class AliasDemo implements Demo {
    @Override
    public String name() {
        return "alias";
    }

    @Override
    public String summary() {
        return "a guest maps one page write-back and write-combining: do both aliases see one value?";
    }

    @Override
    public DemoReport run(DemoStage stage) {
        boolean hasGpu = stage.profile().gpu() != null;
        List<DemoPart> parts = new ArrayList<>();
        parts.add(access(stage, false));
        if (hasGpu) {
            parts.add(access(stage, true));
        }
        return DemoReport.of(name(), stage, parts, hasGpu ? List.of() : List.of("The host has no GPU."));
    }

    private static DemoPart access(DemoStage stage, boolean ofDevice) {
        try (Scene scene = new Scene(stage, ofDevice ? "a page of the GPU's memory" : "a page of RAM")) {
            AddressSpace mm = scene.host().newAddressSpace();
            try (DemoVm vm = scene.vm(mm, new AliasProgram(ofDevice))) {
                int errno = ofDevice ? vm.addMemory(gpuMemory(scene, stage, mm)) : 0;
                if (errno != 0) {
                    scene.refused(vm, errno);
                    return scene.end("no guest is given such memory, so there are no aliases", false);
                }
                return judge(scene, vm, vm.run());
            }
        }
    }

    private static long gpuMemory(Scene scene, DemoStage stage, AddressSpace mm) {
        return GpuMapping.map(mm, GpuMapping.memory(scene.host(), stage.version()));
    }

    private static DemoPart judge(Scene scene, DemoVm vm, Reports reports) {
        FinalType cached = vm.type(reports.get(AliasProgram.CACHED_TRANSLATION));
        FinalType uncached = vm.type(reports.get(AliasProgram.UNCACHED_TRANSLATION));
        long throughUncached = reports.get(AliasProgram.THROUGH_UNCACHED);
        long throughCached = reports.get(AliasProgram.THROUGH_CACHED);
        scene.step("guest", "stores " + Sizes.hex(AliasProgram.CACHED_VALUE) + " write-back", cached.toString(), "");
        scene.step("guest", "loads write-combining", uncached.toString(), Sizes.hex(throughUncached));
        scene.step(
                "guest",
                "stores " + Sizes.hex(AliasProgram.UNCACHED_VALUE) + " write-combining",
                uncached.toString(),
                "");
        scene.step("guest", "loads write-back", cached.toString(), Sizes.hex(throughCached));
        boolean right = throughUncached == AliasProgram.CACHED_VALUE && throughCached == AliasProgram.UNCACHED_VALUE;
        if (!right) {
            return scene.end("the aliases see different values: their types are not one", true);
        }
        if (cached.isCacheable() == uncached.isCacheable()) {
            return scene.end(oneType(cached, uncached), false);
        }
        return scene.host().caches() == null
                ? scene.end("one value, since caches are not modelled; the types are not one", false)
                : scene.end("one value this time; the types are not one, and hardware may do otherwise", true);
    }

    private static String oneType(FinalType cached, FinalType uncached) {
        return uncached.isForced()
                ? "one value: FEAT_S2FWB made both aliases " + cached.word() + ", whatever stage 1 says"
                : "one value: stage 2 (" + cached.stage2() + ") made " + cached.word() + " and " + uncached.word()
                        + " of the aliases";
    }
}
