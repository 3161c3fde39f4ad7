package dev.ipanema.vmm.demo;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.guests.program.CacheProgram;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.platform.Host;
import dev.ipanema.kvm.vm.Kvm;
import dev.ipanema.machine.cache.CacheModel;
import dev.ipanema.vmm.coherence.CoherenceLog;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The host on which one part of a demonstration is done, with a record of what was done.
///
/// Used by one thread.
final class Scene implements AutoCloseable {
    private final String title;
    private final Host host;
    private final Kvm kvm;
    private final @Nullable CoherenceLog log;
    private final List<DemoStep> steps = new ArrayList<>();
    private List<DecisionTrail.Step> reasons = List.of();
    private @Nullable CacheProgram program;

    /// @param title what is special about this part
    Scene(DemoStage stage, String title) {
        this.title = title;
        this.host = stage.host();
        this.kvm = stage.kvm(host);
        kvm.trails(true);
        CacheModel caches = host.caches();
        this.log = caches == null ? null : new CoherenceLog(caches, this::symbol);
    }

    /// {@return the host}
    Host host() {
        return host;
    }

    /// {@return a virtual machine with a program}
    DemoVm vm(AddressSpace mm, CacheProgram newProgram) {
        program = newProgram;
        return new DemoVm(host, kvm, mm, newProgram);
    }

    private Optional<String> symbol(int vcpu, long address) {
        CacheProgram running = program;
        return running == null ? Optional.empty() : running.symbol(address);
    }

    /// Something was done that has nothing to do with a memory type.
    void step(String who, String what) {
        step(who, what, "", "");
    }

    /// Something was done through a memory type.
    ///
    /// @param seen what it saw; empty for nothing
    void step(String who, String what, String type, String seen) {
        steps.add(new DemoStep(who, what, type, seen));
    }

    /// KVM refused the last slot.
    void refused(DemoVm vm, int errno) {
        step("KVM", "refuses the slot: KVM_SET_USER_MEMORY_REGION returned " + Errno.render(errno));
        reasons = vm.slotReasons();
    }

    /// {@return what came of it}
    DemoPart end(String outcome, boolean defect) {
        return new DemoPart(title, steps, reasons, log == null ? null : log.report(), outcome, defect);
    }

    @Override
    public void close() {
        host.close();
    }
}
