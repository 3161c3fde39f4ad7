package dev.ipanema.vmm.demo;

import dev.ipanema.arm.exception.Par;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.guests.program.CacheProgram;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.platform.Host;
import dev.ipanema.kvm.uapi.KvmExit;
import dev.ipanema.kvm.uapi.KvmReg;
import dev.ipanema.kvm.uapi.KvmRun;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.vm.Kvm;
import dev.ipanema.kvm.vm.Vcpu;
import dev.ipanema.kvm.vm.Vm;
import dev.ipanema.machine.memory.MmioRegion;
import dev.ipanema.vmm.scenario.Watchdog;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A virtual machine with one vCPU that runs a [CacheProgram]: anonymous memory in slot 0, perhaps a
/// device.
///
/// Used by one thread.
final class DemoVm implements AutoCloseable {
    /// Where the VMM has mapped the guest's main memory.
    static final long RAM_HVA = 0x4000_0000_0000L;

    private static final int RAM_SLOT = 0;
    private static final int FURTHER_SLOT = 1;
    private static final long DEVICE_SIZE = 0x1000;
    private static final long REPORT_SIZE = 0x1000;
    private static final int MAX_EXITS = 10_000;
    private static final int MAX_SECONDS = 20;

    private final Host host;
    private final AddressSpace mm;
    private final Vm vm;
    private final Vcpu vcpu;
    private @Nullable MmioRegion device;

    /// @param kvm records its decisions
    /// @param mm the VMM's process, without a mapping at [#RAM_HVA] or with one of the same kind
    DemoVm(Host host, Kvm kvm, AddressSpace mm, CacheProgram program) {
        this.host = host;
        this.mm = mm;
        vm = kvm.createVm(mm, 0);
        vcpu = vm.createVcpu(0);
        reset();
        long hva = mapAnonymous(RAM_HVA, CacheProgram.RAM_SIZE);
        write(CacheProgram.RAM, program.image());
        succeed("the slot of main memory", setSlot(RAM_SLOT, 0, CacheProgram.RAM, CacheProgram.RAM_SIZE, hva));
    }

    private static void succeed(String what, int result) {
        if (result < 0) {
            throw new IllegalStateException(what + " failed: " + Errno.render(result));
        }
    }

    private int setSlot(int slot, int flags, long ipa, long size, long hva) {
        return vm.setUserMemoryRegion(new UserspaceMemoryRegion(slot, flags, ipa, size, hva));
    }

    private long mapAnonymous(long at, long size) {
        long hva = mm.mmap(
                at, size, Mman.PROT_READ | Mman.PROT_WRITE, Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS | Mman.MAP_FIXED);
        succeed("mmap", hva < 0 ? (int) hva : 0);
        return hva;
    }

    /// Gives the guest memory of a device at [CacheProgram#MEMORY].
    ///
    /// @param hva where the VMM has mapped it
    /// @return 0, or KVM's negated errno, with the reasons in [#slotReasons()]
    int addMemory(long hva) {
        return setSlot(FURTHER_SLOT, 0, CacheProgram.MEMORY, CacheProgram.MEMORY_SIZE, hva);
    }

    /// Gives the guest anonymous memory at [CacheProgram#MEMORY].
    ///
    /// @param flags of the slot
    /// @return where the VMM has mapped it
    long addAnonymous(int flags) {
        long size = CacheProgram.MEMORY_SIZE;
        long hva = mapAnonymous(mm.unmappedArea(size, size), size);
        succeed("a slot of memory", setSlot(FURTHER_SLOT, flags, CacheProgram.MEMORY, size, hva));
        return hva;
    }

    /// {@return why KVM has taken or refused the last slot}
    List<DecisionTrail.Step> slotReasons() {
        return List.copyOf(vm.lastTrail().steps());
    }

    /// Puts registers at [CacheProgram#DEVICE].
    void setDevice(MmioRegion registers) {
        device = registers;
    }

    /// Writes to main memory through the VMM's mapping.
    void write(long ipa, byte[] bytes) {
        mm.userMemory().write(RAM_HVA + (ipa - CacheProgram.RAM), bytes, 0, bytes.length);
    }

    /// {@return the memory type of loads and stores at an address that the guest has accessed}
    ///
    /// @param par PAR_EL1 of the guest's translation
    FinalType type(long par) {
        if (Par.isFault(par)) {
            throw new BadInput("the guest's own translation failed: " + Par.describe(par), BadInput.FINDING);
        }
        return FinalType.ofData(par, vm.stage2().leaf(Par.pa(par)), host.fwb());
    }

    /// {@return the memory type of fetches with the MMU off at an address that the guest has accessed}
    FinalType fetchTypeWithMmuOff(long ipa) {
        return FinalType.ofFetchWithMmuOff(vm.stage2().leaf(ipa), host.fwb());
    }

    /// Lets the guest start with MMU and caches on, as one does that is restored.
    void restore() {
        CacheProgram.stage1()
                .forEach((reg, value) -> succeed(
                        reg.name(),
                        vcpu.setOneReg(KvmReg.sysreg(reg.op0(), reg.op1(), reg.crn(), reg.crm(), reg.op2()), value)));
    }

    /// Puts the vCPU into reset state: the guest can start anew.
    void reset() {
        succeed("KVM_ARM_VCPU_INIT", vcpu.init());
    }

    /// Runs the program from its start to its end.
    ///
    /// @throws BadInput with exit code 1 when KVM refuses to run it
    Reports run() {
        vcpu.setOneReg(KvmReg.CORE_PSTATE, Pstate.EL1H | Pstate.DAIF);
        vcpu.setOneReg(KvmReg.CORE_PC, CacheProgram.RAM);
        Map<Integer, Long> values = new HashMap<>();
        for (int exits = 0; exits < MAX_EXITS; exits++) {
            enter();
            KvmRun.Mmio mmio = vcpu.kvmRun().mmio;
            long report = mmio.physAddr - CacheProgram.REPORT;
            if (mmio.isWrite && report >= 0 && report < REPORT_SIZE) {
                int number = (int) report / Long.BYTES;
                if (number == CacheProgram.END) {
                    return new Reports(values);
                }
                values.put(number, mmio.value());
            } else {
                access(mmio);
            }
        }
        throw new IllegalStateException("The guest made " + MAX_EXITS + " exits");
    }

    private void enter() {
        ScheduledFuture<?> watchdog = Watchdog.after(MAX_SECONDS, TimeUnit.SECONDS, vcpu::kick);
        int result;
        try {
            result = vcpu.run();
        } finally {
            watchdog.cancel(false);
        }
        if (result == Errno.EINTR.negated()) {
            throw new BadInput("the guest did not come to its end within " + MAX_SECONDS + " s", BadInput.FINDING);
        }
        if (result < 0) {
            throw new BadInput(
                    "KVM_RUN returned " + Errno.render(result) + ": " + because(vcpu.lastTrail()), BadInput.FINDING);
        }
        int reason = vcpu.kvmRun().exitReason;
        if (reason != KvmExit.KVM_EXIT_MMIO) {
            throw new BadInput("the guest ended with " + KvmExit.name(reason), BadInput.FINDING);
        }
    }

    private static String because(DecisionTrail trail) {
        List<DecisionTrail.Step> steps = trail.steps();
        return steps.isEmpty() ? "without a reason" : steps.getLast().toString();
    }

    private void access(KvmRun.Mmio mmio) {
        MmioRegion there = device;
        long offset = mmio.physAddr - CacheProgram.DEVICE;
        if (there == null || offset < 0 || offset >= DEVICE_SIZE) {
            throw new BadInput("the guest accessed " + Long.toHexString(mmio.physAddr), BadInput.FINDING);
        }
        if (mmio.isWrite) {
            there.write(offset, mmio.len, mmio.value());
        } else {
            mmio.setValue(there.read(offset, mmio.len));
        }
    }

    @Override
    public void close() {
        vm.close();
    }
}
