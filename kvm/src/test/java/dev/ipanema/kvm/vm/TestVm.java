package dev.ipanema.kvm.vm;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X28;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.memory.Shareability;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TcrEl1;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.host.driver.PfnDriver;
import dev.ipanema.host.driver.PfnMapping;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.MappableFile;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.kvm.mmu.Maintenance;
import dev.ipanema.kvm.stage2.Stage2Leaf;
import dev.ipanema.kvm.uapi.KvmExit;
import dev.ipanema.kvm.uapi.KvmReg;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A host with one VM for tests: code at IPA 1 GiB, stage 1 on with an identity map in 1 GiB blocks (0 to 1 GiB
/// Device, the rest Normal Write-Back), and vectors that report by an MMIO write.
final class TestVm implements AutoCloseable {
    /// Where code lies, in slot 0.
    static final long CODE = 0x4000_0000L;

    /// Where tests put memory.
    static final long MEMORY = 0x8000_0000L;

    /// An IPA without slot: a store here ends a run.
    static final long END = 0x1000_0000L;

    /// An IPA without slot: a store here says that the guest took an exception.
    static final long EXCEPTION = END + 8;

    /// Physical memory of the recording host that is not map memory.
    static final long NOMAP = 0xC000_0000L;

    /// Physical memory of the recording host that drivers hand out: map memory.
    static final long RESERVED_RAM = 0x4440_0000L;

    /// Size of most test mappings.
    static final long SIZE = 0x40_0000L;

    static final long CODE_SIZE = 0x10_0000L;
    private static final long TABLE = 0x8000;
    private static final long VECTORS = 0x4000;
    private static final int VECTOR_BYTES = 0x80;
    private static final int T0SZ = 25;
    private static final int DEVICE = 1;
    private static final long MAIR = 0x00ffL;

    final Host host;
    final AddressSpace mm;
    final Kvm kvm;
    final Vm vm;
    final Vcpu vcpu;
    final long codeHva;
    private final boolean ownsHost;
    private long nextCode = 0x1_0000;

    TestVm(String cpu, String version) {
        this(cpu, version, vm -> {});
    }

    /// @param setUp is run between creation of the VM and of its vCPU
    TestVm(String cpu, String version, Consumer<Vm> setUp) {
        this(cpu, version, ExclusivePolicy.WORK, setUp);
    }

    /// @param policy what exclusives and atomics to other memory than Write-Back do
    TestVm(String cpu, String version, ExclusivePolicy policy, Consumer<Vm> setUp) {
        this(cpu, version, policy, setUp, Ticker.system());
    }

    /// @param ticker what drives the system counter
    TestVm(String cpu, String version, ExclusivePolicy policy, Consumer<Vm> setUp, Ticker ticker) {
        this(builder(cpu, policy).ticker(ticker), version, Set.of(), setUp);
    }

    /// {@return a builder of the recording host}
    static Host.Builder builder(String cpu, ExclusivePolicy policy) {
        return Host.builder(HostProfile.recording(CpuModel.parse(cpu)).withExclusives(policy))
                .processingElements(2);
    }

    /// @param leftOut the maintenance that KVM leaves out
    TestVm(Host.Builder builder, String version, Set<Maintenance> leftOut, Consumer<Vm> setUp) {
        this(builder.build(), version, leftOut, setUp);
    }

    private TestVm(Host host, String version, Set<Maintenance> leftOut, Consumer<Vm> setUp) {
        this(host, new Kvm(host, KernelVersion.parse(version), leftOut), true, setUp);
    }

    private TestVm(Host host, Kvm kvm, boolean ownsHost, Consumer<Vm> setUp) {
        this.host = host;
        this.kvm = kvm;
        this.ownsHost = ownsHost;
        mm = host.newAddressSpace();
        kvm.trails(true);
        vm = kvm.createVm(mm, 0);
        setUp.accept(vm);
        vcpu = vm.createVcpu(0);
        vcpu.init();
        codeHva = anonymous(CODE_SIZE);
        require(slot(0, 0, CODE, CODE_SIZE, codeHva));
        writeStage1();
        writeVectors();
        enableStage1(vcpu);
    }

    /// {@return another VMM with a VM like this one on the same host}
    TestVm another() {
        return new TestVm(host, kvm, false, other -> {});
    }

    private static void require(int result) {
        if (result != 0) {
            throw new IllegalStateException("Set-up failed: " + result);
        }
    }

    private void writeStage1() {
        for (int gib = 0; gib < 512; gib++) {
            mapBlock(gib, (long) gib << 30);
        }
    }

    /// Lets stage 1 map 1 GiB of the guest's addresses to another IPA.
    void mapBlock(int gib, long ipa) {
        mapBlock(gib, ipa, gib == 0);
    }

    /// Lets stage 1 map 1 GiB of the guest's addresses to another IPA, as Device memory or Normal Write-Back.
    void mapBlock(int gib, long ipa, boolean device) {
        long attributes = Stage1Descriptor.AF
                | Stage1Descriptor.shareabilityBits(Shareability.ISH)
                | Stage1Descriptor.attrIndxBits(device ? DEVICE : 0);
        descriptor(gib, Stage1Descriptor.leaf(ipa, 1, attributes, Granule.K4, false));
    }

    /// Lets stage 1 look for the tables of 1 GiB at an IPA.
    void mapTable(int gib, long ipa) {
        descriptor(gib, Stage1Descriptor.table(ipa, 0, Granule.K4, false));
    }

    private void descriptor(int gib, long value) {
        mm.userMemory().store(codeHva + TABLE + 8L * gib, 8, value);
    }

    private void writeVectors() {
        for (int vector = 0; vector < 16; vector++) {
            long at = VECTORS + (long) vector * VECTOR_BYTES;
            Assembler code = new Assembler(CODE + at);
            code.movImm(X28, EXCEPTION).str(X0, X28);
            write(at, code.bytes());
        }
    }

    /// Gives a vCPU the tables and the vectors.
    void enableStage1(Vcpu target) {
        set(target, SysReg.MAIR_EL1, MAIR);
        set(target, SysReg.TCR_EL1, TcrEl1.lowerHalf(T0SZ, Granule.K4, Math.min(host.paRangeBits(), 48)));
        set(target, SysReg.TTBR0_EL1, CODE + TABLE);
        set(target, SysReg.VBAR_EL1, CODE + VECTORS);
        set(target, SysReg.SCTLR_EL1, SctlrEl1.RES1 | SctlrEl1.M | SctlrEl1.C | SctlrEl1.I);
    }

    static void set(Vcpu target, SysReg reg, long value) {
        require(target.setOneReg(KvmReg.sysreg(reg.op0(), reg.op1(), reg.crn(), reg.crm(), reg.op2()), value));
    }

    static long get(Vcpu target, SysReg reg) {
        return target.getOneReg(KvmReg.sysreg(reg.op0(), reg.op1(), reg.crn(), reg.crm(), reg.op2()));
    }

    private void write(long offset, byte[] bytes) {
        mm.userMemory().write(codeHva + offset, bytes, 0, bytes.length);
    }

    // ---- memory ----------------------------------------------------------------------------------------------------

    /// {@return a private anonymous mapping of single pages}
    long anonymous(long size) {
        return anonymous(size, 0x20_0000);
    }

    long anonymous(long size, long alignment) {
        long hva = map(size, alignment, null, Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS);
        mm.madvise(hva, size, 15);
        return hva;
    }

    private long map(long size, long alignment, @Nullable MappableFile file, int flags) {
        long hva = mm.unmappedArea(size, alignment);
        int prot = Mman.PROT_READ | Mman.PROT_WRITE;
        long result = mm.mmap(hva, size, prot, flags | Mman.MAP_FIXED, file, 0);
        if (result < 0) {
            throw new IllegalStateException("mmap failed: " + result);
        }
        return result;
    }

    /// {@return a shared mapping of a file}
    long mapped(MappableFile file, long size) {
        return map(size, 0x20_0000, file, Mman.MAP_SHARED);
    }

    /// {@return a driver over physical memory, with entries made at mmap (for `VM_PFNMAP`) or on fault}
    static PfnDriver driver(long phys, long vmFlags, PteAttrIndex attr) {
        boolean pfnmap = (vmFlags & VmFlags.VM_PFNMAP) != 0;
        return new PfnDriver(
                "/dev/test",
                new PfnMapping(
                        phys,
                        SIZE,
                        phys >>> 12,
                        vmFlags,
                        attr,
                        attr,
                        pfnmap ? PfnMapping.Populate.AT_MMAP : PfnMapping.Populate.ON_FAULT,
                        HostPte.PAGE_SHIFT,
                        false));
    }

    /// {@return the address of a shared PFNMAP of memory outside map memory}
    long pfnmap(PteAttrIndex attr, long moreFlags) {
        return mapped(driver(NOMAP, VmFlags.REMAP_FLAGS | moreFlags, attr), SIZE);
    }

    int slot(int id, int flags, long ipa, long size, long hva) {
        return vm.setUserMemoryRegion(new UserspaceMemoryRegion(id, flags, ipa, size, hva));
    }

    /// Puts memory at [#MEMORY] in slot 1.
    int slot(int flags, long hva) {
        return slot(1, flags, MEMORY, SIZE, hva);
    }

    Stage2Leaf leaf(long ipa) {
        return vm.stage2().leaf(ipa);
    }

    /// {@return the memory type of the leaf at an IPA in the recordings' words, `none` for none}
    String type(long ipa) {
        Stage2Leaf leaf = leaf(ipa);
        return leaf.isMapped() ? leaf.type(host.fwb()) : "none";
    }

    // ---- running ---------------------------------------------------------------------------------------------------

    /// Runs guest code, which ends by itself with a store to [#END].
    ///
    /// @return what `KVM_RUN` returned first; with 0 the exit is in `kvmRun()`
    int run(Consumer<Assembler> body) {
        return run(vcpu, body);
    }

    int run(Vcpu target, Consumer<Assembler> body) {
        start(target, body);
        return target.run();
    }

    /// Makes a vCPU stand before guest code.
    long start(Vcpu target, Consumer<Assembler> body) {
        // An MMIO access that the last run left open is completed first: completion moves PC.
        target.kvmRun().immediateExit = true;
        target.run();
        target.kvmRun().immediateExit = false;
        long pc = place(body);
        target.setOneReg(KvmReg.CORE_PSTATE, Pstate.EL1H | Pstate.DAIF);
        target.setOneReg(KvmReg.CORE_PC, pc);
        return pc;
    }

    /// {@return the address of guest code that was placed in memory}
    synchronized long place(Consumer<Assembler> body) {
        long offset = nextCode;
        nextCode += 0x1000;
        Assembler code = new Assembler(CODE + offset);
        body.accept(code);
        code.movImm(X28, END).str(X0, X28);
        byte[] bytes = code.bytes();
        if (bytes.length > 0x1000) {
            throw new IllegalStateException("Test code is longer than a page");
        }
        write(offset, bytes);
        return CODE + offset;
    }

    /// {@return whether the last run reached its end, with X0 in `mmio`}
    boolean ended() {
        return exitedAt(END);
    }

    /// {@return whether the guest took an exception to its own vectors}
    boolean tookException() {
        return exitedAt(EXCEPTION);
    }

    private boolean exitedAt(long ipa) {
        return vcpu.kvmRun().exitReason == KvmExit.KVM_EXIT_MMIO && vcpu.kvmRun().mmio.physAddr == ipa;
    }

    /// {@return X0 at the end of the last run}
    long result() {
        return vcpu.kvmRun().mmio.value();
    }

    @Override
    public void close() {
        vm.close();
        mm.close();
        if (ownsHost) {
            host.close();
        }
    }
}
