package dev.ipanema.kvm.vm;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static dev.ipanema.kvm.vm.TestVm.MEMORY;
import static dev.ipanema.kvm.vm.TestVm.SIZE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.kvm.uapi.KvmMem;
import dev.ipanema.machine.cache.CacheModel;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.cache.CachePolicy;
import dev.ipanema.machine.cache.CoherenceMonitor;
import dev.ipanema.machine.cache.Finding;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// With caches modelled, what KVM does keeps a guest's memory right and finds nothing, whatever hardware makes of its
/// freedom: pages that the host takes back, moves, protects, splits, logs and gives to the next guest. That each kind
/// of its maintenance is needed is shown by the demonstration `maintenance` of `vmm.demo`.
class CoherenceTest {
    /// Neither FWB nor DIC; data is coherent with instructions.
    private static final String NEITHER = "neoverse-n1";

    private static final long FIRST = 0x1111_2222_3333_4444L;
    private static final long SECOND = 0x5555_6666_7777_0888L;
    private static final long PAGE = 0x1000;
    private static final long BLOCK = 0x20_0000;
    private static final int PAGES = 16;
    private static final int SEED = 11;

    /// Hosts without anything (twice, with IDC and without), with FWB, and with all; each with all policies.
    static Stream<Arguments> hostsAndPolicies() {
        return Stream.of(NEITHER, "cortex-a72", "cortex-a710", "neoverse-v2")
                .flatMap(cpu -> Stream.of(CachePolicy.values()).map(policy -> Arguments.of(cpu, policy)));
    }

    private static TestVm host(String cpu, CachePolicy policy) {
        return host(cpu, policy, "linux-7.3");
    }

    private static TestVm host(String cpu, CachePolicy policy, String version) {
        CacheOptions options = CacheOptions.DEFAULT.withPolicy(policy, SEED);
        return new TestVm(TestVm.builder(cpu, ExclusivePolicy.WORK).caches(options), version, Set.of(), vm -> {});
    }

    private static List<Finding> findings(TestVm test) {
        CacheModel caches = Objects.requireNonNull(test.host.caches());
        return caches.monitor().findings().stream()
                .map(CoherenceMonitor.Counted::finding)
                .toList();
    }

    // ---- what guests do --------------------------------------------------------------------------------------------

    private static void run(TestVm test, Consumer<Assembler> body) {
        test.run(body);
        assertThat(test.ended()).isTrue();
    }

    private static void store(TestVm test, long ipa, long value) {
        run(test, code -> code.movImm(X1, ipa).movImm(X2, value).str(X2, X1));
    }

    private static long load(TestVm test, long ipa) {
        run(test, code -> code.movImm(X1, ipa).ldr(X0, X1));
        return test.result();
    }

    /// Starts the vCPU anew, with MMU and caches off.
    private static void restart(TestVm test) {
        test.vcpu.init();
        test.enableStage1(test.vcpu);
        TestVm.set(test.vcpu, SysReg.SCTLR_EL1, SctlrEl1.RES1);
    }

    private static void turnCachesOn(TestVm test) {
        long on = SctlrEl1.RES1 | SctlrEl1.M | SctlrEl1.C | SctlrEl1.I;
        run(test, code -> code.movImm(X0, on).msr(SysReg.SCTLR_EL1, X0).isb());
    }

    // ---- what the VMM does -----------------------------------------------------------------------------------------

    private static long huge(TestVm test) {
        long hva = test.anonymous(BLOCK, BLOCK);
        test.mm.madvise(hva, BLOCK, Mman.MADV_HUGEPAGE);
        return hva;
    }

    private static int slot(TestVm test, int flags, long size, long hva) {
        return test.slot(1, flags, MEMORY, size, hva);
    }

    private static long pfn(TestVm test, long hva) {
        return HostPte.pfnAt(test.mm.lookupLeaf(hva), hva);
    }

    // ---- all is well -----------------------------------------------------------------------------------------------

    @ParameterizedTest
    @MethodSource("hostsAndPolicies")
    void guestBootsWithItsCachesOffAndTurnsThemOn(String cpu, CachePolicy policy) {
        try (TestVm test = host(cpu, policy)) {
            bootTwice(test);
        }
    }

    /// Two patches of the series refuse RAM on such a host.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "linux-6.16",
                "series-v7/1",
                "series-v7/2",
                "series-v7/3",
                "linux-6.17",
                "linux-6.18",
                "linux-7.3"
            })
    void kernelsLetAGuestBoot(String version) {
        try (TestVm test = host(NEITHER, CachePolicy.ADVERSARIAL, version)) {
            bootTwice(test);
        }
    }

    private static void bootTwice(TestVm test) {
        test.slot(0, test.anonymous(SIZE));
        restart(test);
        assertThat(load(test, MEMORY)).isZero();
        store(test, MEMORY, FIRST);
        turnCachesOn(test);
        assertThat(load(test, MEMORY)).isEqualTo(FIRST);
        store(test, MEMORY, SECOND);
        // A guest that starts anew finds what it left.
        restart(test);
        assertThat(load(test, MEMORY)).isEqualTo(SECOND);
        assertThat(findings(test)).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("hostsAndPolicies")
    void nextGuestFindsZeroesInPagesOfTheLast(String cpu, CachePolicy policy) {
        try (TestVm next = host(cpu, policy)) {
            Set<Long> pages = new TreeSet<>();
            try (TestVm last = next.another()) {
                long hva = last.anonymous(SIZE);
                last.slot(0, hva);
                restart(last);
                store(last, MEMORY, FIRST);
                turnCachesOn(last);
                for (int i = 0; i < PAGES; i++) {
                    store(last, MEMORY + i * PAGE, FIRST);
                    pages.add(pfn(last, hva + i * PAGE));
                }
            }
            long hva = next.anonymous(SIZE);
            next.slot(0, hva);
            restart(next);
            boolean reused = false;
            for (int i = 0; i < PAGES; i++) {
                // A load alone would be answered by the shared zero page.
                store(next, MEMORY + i * PAGE + Long.BYTES, SECOND);
                assertThat(load(next, MEMORY + i * PAGE)).isZero();
                reused |= pages.contains(pfn(next, hva + i * PAGE));
            }
            assertThat(reused).isTrue();
            assertThat(findings(next)).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("hostsAndPolicies")
    void loggedGuestKeepsWhatItsBlocksHeld(String cpu, CachePolicy policy) {
        try (TestVm test = host(cpu, policy)) {
            long hva = huge(test);
            slot(test, 0, BLOCK, hva);
            store(test, MEMORY, FIRST);
            store(test, MEMORY + PAGE, FIRST);
            assertThat(test.leaf(MEMORY).level()).isEqualTo(2);
            slot(test, KvmMem.KVM_MEM_LOG_DIRTY_PAGES, BLOCK, hva);
            store(test, MEMORY + PAGE, SECOND);
            assertThat(test.leaf(MEMORY + PAGE).level()).isEqualTo(3);
            assertThat(load(test, MEMORY)).isEqualTo(FIRST);
            // What a migration reads.
            assertThat(test.mm.userMemory().load(hva, 8)).isEqualTo(FIRST);
            assertThat(test.mm.userMemory().load(hva + PAGE, 8)).isEqualTo(SECOND);
            long[] bitmap = new long[(int) (BLOCK / PAGE / Long.SIZE)];
            test.vm.getDirtyLog(1, bitmap);
            assertThat(bitmap[0]).isEqualTo(2);
            store(test, MEMORY, SECOND);
            slot(test, 0, BLOCK, hva);
            assertThat(load(test, MEMORY)).isEqualTo(SECOND);
            assertThat(test.mm.userMemory().load(hva, 8)).isEqualTo(SECOND);
            assertThat(findings(test)).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("hostsAndPolicies")
    void pagesThatAreProtectedMovedAndTakenAwayAreRight(String cpu, CachePolicy policy) {
        try (TestVm test = host(cpu, policy)) {
            long hva = test.anonymous(SIZE);
            test.slot(0, hva);
            restart(test);
            store(test, MEMORY, FIRST);
            test.mm.mprotect(hva, SIZE, Mman.PROT_READ);
            assertThat(test.mm.userMemory().load(hva, 8)).isEqualTo(FIRST);
            test.mm.mprotect(hva, SIZE, Mman.PROT_READ | Mman.PROT_WRITE);
            assertThat(load(test, MEMORY)).isEqualTo(FIRST);
            turnCachesOn(test);
            store(test, MEMORY, SECOND);
            long before = pfn(test, hva);
            assertThat(test.host.kernel().migratePage(before)).isZero();
            assertThat(load(test, MEMORY)).isEqualTo(SECOND);
            assertThat(pfn(test, hva)).isNotEqualTo(before);
            // Away with the slot, and back.
            slot(test, 0, 0, hva);
            slot(test, 0, SIZE, hva);
            assertThat(load(test, MEMORY)).isEqualTo(SECOND);
            test.mm.madvise(hva, SIZE, Mman.MADV_DONTNEED);
            restart(test);
            assertThat(load(test, MEMORY)).isZero();
            assertThat(findings(test)).isEmpty();
        }
    }
}
