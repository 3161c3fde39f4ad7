package dev.ipanema.vmm.demo;

import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.guests.program.MaintenanceProgram;
import dev.ipanema.guests.program.MaintenanceProgram.Work;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.kvm.mmu.Maintenance;
import dev.ipanema.kvm.uapi.KvmMem;
import dev.ipanema.machine.memory.MmioRegion;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Guests that do everything right, each where it counts on one kind of KVM's cache maintenance, on a host without
/// FEAT_S2FWB and CTR_EL0.DIC.
///
/// Right is what a guest would have to do on a machine of its own. There nobody else has its memory in the caches, or
/// replaces its code; here its VMM and the host's kernel do, and KVM makes up for it.
final class MaintenanceDemo implements Demo {
    private static final int WORD = Long.BYTES;
    private static final String NEW_CODE = "the new code runs";
    private static final String OLD_CODE = "the OLD code runs";

    @Override
    public String name() {
        return "maintenance";
    }

    @Override
    public String summary() {
        return "what a guest that does everything right sees, with and without KVM's cache maintenance";
    }

    @Override
    public Optional<String> host() {
        return Optional.of("altra");
    }

    /// Whether a line is filled before somebody stores past it is hardware's choice.
    @Override
    public Optional<String> caches() {
        return Optional.of("modelled,policy=adversarial");
    }

    @Override
    public boolean leavesOut() {
        return true;
    }

    @Override
    public DemoReport run(DemoStage stage) {
        Set<Maintenance> leftOut = stage.leftOut();
        List<DemoPart> parts = new ArrayList<>();
        for (Maintenance each : EnumSet.allOf(Maintenance.class)) {
            if (leftOut.isEmpty() || leftOut.contains(each)) {
                // Without another kind the guest of this one might not come that far.
                parts.add(part(stage.leavingOut(leftOut.isEmpty() ? Set.of() : Set.of(each)), each));
            }
        }
        return DemoReport.of(name(), stage, parts, List.of());
    }

    private static DemoPart part(DemoStage stage, Maintenance maintenance) {
        try (Scene scene = new Scene(stage, maintenance.option() + ": " + title(maintenance))) {
            if (!stage.leftOut().isEmpty()) {
                scene.step("KVM", "does NOT " + call(maintenance));
            }
            AddressSpace mm = scene.host().newAddressSpace();
            try (DemoVm vm = scene.vm(mm, new MaintenanceProgram(work(maintenance)))) {
                int flags = maintenance == Maintenance.DIRTY_LOG ? KvmMem.KVM_MEM_LOG_DIRTY_PAGES : 0;
                Situation situation = new Situation(scene, mm, vm, vm.addAnonymous(flags));
                return end(scene, stage, maintenance, situation.isRight(maintenance));
            }
        }
    }

    private static Work work(Maintenance maintenance) {
        return switch (maintenance) {
            case MAP -> Work.LOAD_UNCACHED;
            case EXEC -> Work.CALL_TWICE;
            case SET_WAY -> Work.CLEAN_BY_SET_AND_WAY;
            case TOGGLE -> Work.STORE_AND_SWITCH_ON;
            case UNMAP -> Work.STORE;
            case REINIT -> Work.LOAD_AND_STORE;
            case DIRTY_LOG -> Work.LOAD;
        };
    }

    private static String title(Maintenance maintenance) {
        return switch (maintenance) {
            case MAP -> "a guest loads past the caches what the VMM has written";
            case EXEC -> "a guest calls code that the VMM has replaced while the page was away";
            case SET_WAY -> "a guest cleans its caches by set and way and loads past them";
            case TOGGLE -> "a guest stores with its caches off and loads with them on";
            case REINIT -> "a guest that starts anew loads with its caches off what the VMM has written for it";
            case UNMAP -> "a guest stores with its caches off, and the VMM loads when the page is away";
            case DIRTY_LOG -> "a guest loads with its caches off what the VMM has written, in a slot that is logged";
        };
    }

    /// What KVM does, and where.
    private static String call(Maintenance maintenance) {
        return switch (maintenance) {
            case MAP -> "clean and invalidate data when it maps a page (stage2_map_walker_try_leaf)";
            case EXEC -> "invalidate instructions when it maps a page executable (stage2_map_walker_try_leaf)";
            case SET_WAY -> "flush the guest's memory at maintenance by set and way (kvm_set_way_flush)";
            case TOGGLE -> "flush the guest's memory when its caches go on or off (kvm_toggle_cache)";
            case REINIT -> "unmap the guest's memory when a vCPU is initialised again (kvm_arch_vcpu_ioctl_vcpu_init)";
            case UNMAP -> "clean and invalidate data when it unmaps a page (stage2_unmap_walker)";
            case DIRTY_LOG -> "maintain pages that it maps while dirty pages are logged (kvm_s2_fault_map)";
        };
    }

    private static DemoPart end(Scene scene, DemoStage stage, Maintenance maintenance, boolean right) {
        boolean leftOut = !stage.leftOut().isEmpty();
        if (!right) {
            return scene.end(
                    leftOut
                            ? "a wrong value: the guest did everything right, KVM did not " + call(maintenance)
                            : "a wrong value, though KVM left nothing out",
                    true);
        }
        CpuFeature saves = maintenance == Maintenance.EXEC ? CpuFeature.DIC : CpuFeature.FWB;
        if (stage.profile().cpu().has(saves)) {
            return scene.end(
                    "the value is right: with "
                            + (saves == CpuFeature.DIC ? "CTR_EL0.DIC" : "FEAT_S2FWB")
                            + " KVM has nothing to do",
                    false);
        }
        boolean hidden = leftOut && scene.host().caches() != null;
        return scene.end("the value is right" + (hidden ? " this time: other hardware may do otherwise" : ""), false);
    }

    /// One guest with memory of the VMM's.
    ///
    /// @param hva where the VMM has mapped it
    private record Situation(Scene scene, AddressSpace mm, DemoVm vm, long hva) {
        boolean isRight(Maintenance maintenance) {
            return switch (maintenance) {
                case MAP -> {
                    write();
                    vm.restore();
                    yield loads("is restored with its caches on, and loads by a Non-cacheable alias", vm.run());
                }
                case EXEC -> otherCode();
                case SET_WAY -> {
                    Reports reports = vm.run();
                    scene.step("guest", "stores " + MaintenanceProgram.NEW + ", and DC CISW for all sets and ways");
                    yield loads("loads by a Non-cacheable alias", reports);
                }
                case TOGGLE -> {
                    Reports reports = vm.run();
                    scene.step("guest", "stores " + MaintenanceProgram.NEW + " with its caches off");
                    yield loads("switches them on and loads", reports);
                }
                case REINIT -> {
                    vm.run();
                    scene.step("guest", "switches its caches on and stores " + MaintenanceProgram.OLD);
                    vm.reset();
                    scene.step("VMM", "initialises the vCPU again");
                    write();
                    yield loads("starts anew and loads with its caches off", vm.run());
                }
                case UNMAP -> takenAway();
                case DIRTY_LOG -> {
                    write();
                    yield loads("loads with its caches off", vm.run());
                }
            };
        }

        private void write() {
            mm.userMemory().store(hva, WORD, MaintenanceProgram.NEW);
            scene.step("VMM", "writes " + MaintenanceProgram.NEW + " through its own mapping");
        }

        private boolean loads(String what, Reports reports) {
            long value = reports.get(MaintenanceProgram.VALUE);
            scene.step("guest", what, type(reports), Long.toString(value));
            return value == MaintenanceProgram.NEW;
        }

        private String type(Reports reports) {
            return vm.type(reports.get(MaintenanceProgram.TRANSLATION)).toString();
        }

        private boolean otherCode() {
            writeFunction(MaintenanceProgram.OLD);
            vm.setDevice(new Turn(() -> {
                scene.step("guest", "calls it");
                unmap();
                mm.mprotect(hva, MaintenanceProgram.MEMORY_SIZE, Mman.PROT_READ | Mman.PROT_WRITE);
                writeFunction(MaintenanceProgram.NEW);
            }));
            Reports reports = vm.run();
            boolean isNew = reports.get(MaintenanceProgram.VALUE) == MaintenanceProgram.NEW;
            scene.step("guest", "calls it again", type(reports), isNew ? NEW_CODE : OLD_CODE);
            return isNew;
        }

        private void writeFunction(long result) {
            byte[] code = MaintenanceProgram.function(result);
            mm.userMemory().write(hva, code, 0, code.length);
            scene.step("VMM", "writes a function that returns " + result + " through its own mapping");
        }

        private boolean takenAway() {
            long[] seen = new long[1];
            vm.setDevice(new Turn(() -> {
                scene.step("guest", "stores " + MaintenanceProgram.NEW + " with its caches off");
                unmap();
                seen[0] = mm.userMemory().load(hva, WORD);
            }));
            vm.run();
            scene.step("VMM", "loads through its own mapping", "", Long.toString(seen[0]));
            return seen[0] == MaintenanceProgram.NEW;
        }

        /// Takes the memory from stage 2.
        private void unmap() {
            mm.mprotect(hva, MaintenanceProgram.MEMORY_SIZE, Mman.PROT_READ);
            scene.step("VMM", "protects the memory (mprotect), and KVM unmaps it");
        }
    }

    /// A device whose only effect is that the VMM does something.
    private record Turn(Runnable action) implements MmioRegion {
        @Override
        public long read(long offset, int bytes) {
            return 0;
        }

        @Override
        public void write(long offset, int bytes, long value) {
            action.run();
        }
    }
}
