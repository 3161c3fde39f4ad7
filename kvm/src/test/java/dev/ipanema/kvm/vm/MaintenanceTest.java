package dev.ipanema.kvm.vm;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.kvm.vm.TestVm.MEMORY;
import static dev.ipanema.kvm.vm.TestVm.SIZE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.kvm.mmu.Maintenance;
import dev.ipanema.kvm.uapi.KvmMem;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Each switch of [Maintenance] leaves its calls out, and no others: one guest does in turn what each of them is
/// about, and the calls of each step are counted. Every run of guest code comes from a page of its own, which is
/// mapped for it: one call for its data, one for its instructions.
class MaintenanceTest {
    /// Neither FWB nor DIC.
    private static final String NEITHER = "neoverse-n1";

    private static final long RET = 0xd65f_03c0L;
    private static final long BLOCK = 0x20_0000;

    /// What the steps of the guest ask for when nothing is left out: calls for the data (D) and the instructions (I)
    /// of pages and of blocks (D2M), and for all instructions (I*).
    private static final List<String> ALL = List.of(
            // A new page of data, and the code's.
            "D=2 I=1",
            // Data becomes code by relaxed permissions.
            "D=1 I=2",
            // Caches off, then on: six pages are mapped (stage 1, data and four of code).
            "D=13 I=1",
            // Set and way: seven.
            "D=8 I=1",
            // A block, mapped by a write.
            "D=1 D2M=1 I=1",
            // The write that splits it, logged.
            "D=2 I=1",
            // Code in another block, not logged: too long to be invalidated by address.
            "D=1 D2M=1 I=1 I*=1",
            // munmap of the page of data.
            "D=1",
            // A vCPU that starts again: ten pages and a block.
            "D=10 D2M=1");

    private final TreeMap<String, Integer> counts = new TreeMap<>();
    private final List<String> steps = new ArrayList<>();

    private void step(Runnable work) {
        counts.clear();
        work.run();
        StringBuilder text = new StringBuilder();
        counts.forEach(
                (call, count) -> text.append(call).append('=').append(count).append(' '));
        steps.add(text.toString().strip());
    }

    private static String word(String operation, long bytes) {
        String kind = operation.startsWith("IC") ? "I" : "D";
        return bytes == 0 ? kind + "*" : bytes == 0x1000 ? kind : kind + (bytes >>> 20) + "M";
    }

    private static long huge(TestVm test) {
        long hva = test.anonymous(BLOCK, BLOCK);
        test.mm.madvise(hva, BLOCK, Mman.MADV_HUGEPAGE);
        return hva;
    }

    private static void writeAt(TestVm test, long ipa) {
        test.run(code -> code.movImm(X1, ipa).movImm(X0, RET).str(X0, X1));
        assertThat(test.ended()).isTrue();
    }

    private static void call(TestVm test, long ipa) {
        test.run(code -> code.movImm(X1, ipa).blr(X1));
        assertThat(test.ended()).isTrue();
    }

    private List<String> guest(String cpu, Set<Maintenance> leftOut) {
        try (TestVm test = new TestVm(TestVm.builder(cpu, ExclusivePolicy.WORK), "linux-7.3", leftOut, vm -> {})) {
            long hva = test.anonymous(SIZE);
            test.slot(0, hva);
            long split = huge(test);
            long blockIpa = MEMORY + 2 * SIZE;
            test.slot(2, 0, blockIpa, BLOCK, split);
            long codeIpa = MEMORY + 4 * SIZE;
            long called = huge(test);
            test.mm.userMemory().store(called, 8, RET);
            test.slot(3, 0, codeIpa, BLOCK, called);
            // Stage 1 is mapped.
            test.run(code -> code.nop());
            test.host
                    .machine()
                    .physicalMemory()
                    .maintenance()
                    .listen((operation, agent, pa, bytes) ->
                            counts.merge(word(operation.name(), bytes), 1, Integer::sum));
            step(() -> writeAt(test, MEMORY));
            step(() -> call(test, MEMORY));
            step(() -> {
                test.run(code -> code.mrs(X0, SysReg.SCTLR_EL1)
                        .and(X1, X0, ~SctlrEl1.C)
                        .msr(SysReg.SCTLR_EL1, X1)
                        .isb()
                        .msr(SysReg.SCTLR_EL1, X0)
                        .isb());
                assertThat(test.ended()).isTrue();
            });
            step(() -> test.run(code -> code.movImm(X0, 0).cache(CacheOp.DC_CISW, X0)));
            step(() -> writeAt(test, blockIpa));
            test.slot(2, KvmMem.KVM_MEM_LOG_DIRTY_PAGES, blockIpa, BLOCK, split);
            step(() -> writeAt(test, blockIpa));
            step(() -> call(test, codeIpa));
            step(() -> test.mm.munmap(hva, SIZE));
            step(() -> test.vcpu.init());
            return List.copyOf(steps);
        }
    }

    @Test
    void everythingIsDoneWithoutASwitch() {
        assertThat(guest(NEITHER, Set.of())).isEqualTo(ALL);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "map; I=1|I=2|D=12 I=1|D=7 I=1|I=1|I=1|I=1 I*=1|D=1|D=10 D2M=1",
                "exec; D=2|D=1|D=13|D=8|D=1 D2M=1|D=2|D=1 D2M=1|D=1|D=10 D2M=1",
                "toggle; D=2 I=1|D=1 I=2|D=1 I=1|D=8 I=1|D=1 D2M=1 I=1|D=2 I=1|D=1 D2M=1 I=1 I*=1|D=1|D=10 D2M=1",
                "set-way; D=2 I=1|D=1 I=2|D=13 I=1|D=1 I=1|D=1 D2M=1 I=1|D=2 I=1|D=1 D2M=1 I=1 I*=1|D=1|D=10 D2M=1",
                "reinit; D=2 I=1|D=1 I=2|D=13 I=1|D=8 I=1|D=1 D2M=1 I=1|D=2 I=1|D=1 D2M=1 I=1 I*=1|D=1|''",
                "unmap; D=2 I=1|D=1 I=2|D=13 I=1|D=8 I=1|D=1 D2M=1 I=1|D=2 I=1|D=1 D2M=1 I=1 I*=1|''|''",
                "dirty-log; D=2 I=1|D=1 I=2|D=13 I=1|D=8 I=1|D=1 D2M=1 I=1|D=1 I=1|D=1 D2M=1 I=1 I*=1|D=1|D=10 D2M=1",
            })
    void switchLeavesItsCallsOutAndNoOthers(String name, String expected) {
        assertThat(String.join("|", guest(NEITHER, Maintenance.parse(name)))).isEqualTo(expected.replace("''", ""));
    }

    @Test
    void hostWithFwbAndDicDoesNone() {
        assertThat(guest("neoverse-v2", Set.of())).containsOnly("");
    }

    @Test
    void namesAreRead() {
        assertThat(Maintenance.parse("set-way, dirty-log")).containsExactly(Maintenance.SET_WAY, Maintenance.DIRTY_LOG);
        assertThatThrownBy(() -> Maintenance.parse("flush"))
                .isInstanceOf(BadInput.class)
                .hasMessage("Maintenance 'flush' is unknown; KVM's are map, exec, set-way, toggle, reinit, unmap,"
                        + " dirty-log");
    }
}
