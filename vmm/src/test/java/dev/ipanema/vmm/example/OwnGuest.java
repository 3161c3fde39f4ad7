package dev.ipanema.vmm.example;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.kvm.stage2.Stage2Dump;
import dev.ipanema.kvm.uapi.KvmExit;
import dev.ipanema.kvm.uapi.KvmReg;
import dev.ipanema.kvm.uapi.KvmRun;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.vm.Kvm;
import dev.ipanema.kvm.vm.Vcpu;
import dev.ipanema.kvm.vm.Vm;

/// A VMM of one page: assembles a guest, runs it, and answers its loads from memory that is not there.
final class OwnGuest {
    private static final long RAM = 0x4000_0000L;
    private static final long RAM_SIZE = 2L << 20;
    private static final long REGISTER = 0x0900_0000L;
    private static final long PSCI_SYSTEM_OFF = 0x8400_0008L;

    private OwnGuest() {}

    /// {@return what the guest has stored in its RAM}
    static long run(StringBuilder log) {
        byte[] code = new Assembler(RAM)
                .movImm(Reg.X1, REGISTER)
                .ldr(Reg.X2, Reg.X1)
                .movImm(Reg.X3, RAM + 0x1000)
                .str(Reg.X2, Reg.X3)
                .movImm(Reg.X0, PSCI_SYSTEM_OFF)
                .hvc(0)
                .bytes();
        try (Host host = Host.builder(HostProfile.parse("gb200")).build()) {
            AddressSpace mm = host.newAddressSpace();
            long hva = mm.mmap(0, RAM_SIZE, Mman.PROT_READ | Mman.PROT_WRITE, Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS);
            mm.userMemory().write(hva, code, 0, code.length);
            Kvm kvm = new Kvm(host, KernelVersion.newest());
            try (Vm vm = kvm.createVm(mm, 0)) {
                vm.setUserMemoryRegion(new UserspaceMemoryRegion(0, 0, RAM, RAM_SIZE, hva));
                Vcpu vcpu = vm.createVcpu(0);
                vcpu.init();
                vcpu.setOneReg(KvmReg.CORE_PC, RAM);
                vcpu.setOneReg(KvmReg.CORE_PSTATE, Pstate.EL1H | Pstate.DAIF);
                KvmRun run = vcpu.kvmRun();
                while (vcpu.run() == 0 && run.exitReason == KvmExit.KVM_EXIT_MMIO) {
                    log.append(run.describe()).append('\n');
                    run.mmio.setValue(42);
                }
                log.append(run.describe()).append('\n').append(Stage2Dump.of(vm.stage2()));
                return mm.userMemory().load(hva + 0x1000, Long.BYTES);
            }
        }
    }
}
