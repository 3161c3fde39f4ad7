package dev.ipanema.machine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.CacheMaintenance;
import dev.ipanema.machine.memory.CacheOperation;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.PhysicalMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The named invariants of the cache model, with processing elements that run at the same time. Invariant `subset`
/// is [CacheCampaignTest].
@Timeout(120)
class CacheInvariantsTest {
    private static final int ROUNDS = Boolean.getBoolean("ipanema.long") ? 200_000 : 5_000;
    private static final long RAM = 0x4000_0000L;
    private static final long PAGE = 0x1000;
    private static final int LINE = 64;
    private static final int WORDS = LINE / Long.BYTES;
    private static final MemoryAttributes WB = MemoryAttributes.NORMAL_WB;
    private static final MemoryAttributes NC = MemoryAttributes.NORMAL_NC;

    /// IDC, DIC, lines of 64 bytes.
    private static final long CTR = new Setting(CachePolicy.LAZY, 0, true, true, true, false, 8).ctr();

    private PhysicalMemory memory = PhysicalMemory.builder().build();
    private final List<FutureTask<?>> running = new ArrayList<>();

    private Elements elements(CachePolicy policy, boolean mapMemory, int count) {
        CacheModel model = new CacheModel(new CacheOptions(policy, 1, Tracked.ALL, false), CTR);
        memory = PhysicalMemory.builder()
                .caches(model, any -> true)
                .ram("ram", RAM, 4 * PAGE, mapMemory)
                .build();
        return new Elements(model, memory, count);
    }

    @AfterEach
    void close() {
        memory.close();
    }

    private <T> FutureTask<T> start(String name, Callable<T> task) {
        FutureTask<T> future = new FutureTask<>(task);
        running.add(future);
        Thread.ofPlatform().name(name).daemon(true).start(future);
        return future;
    }

    private void join() throws InterruptedException, ExecutionException {
        for (FutureTask<?> task : running) {
            task.get();
        }
    }

    private boolean isRunning() {
        return !running.stream().allMatch(FutureTask::isDone);
    }

    private long loadMemory(long pa) {
        return memory.load(Agent.DEVICE, NC, pa, Long.BYTES);
    }

    /// Invariant `absent-equal`: after an invalidation both views are one, and what nobody may fill stays so.
    @ParameterizedTest
    @EnumSource
    void absentLinesHaveEqualViews(CachePolicy policy) {
        elements(policy, false, 1);
        memory.store(Agent.KVM, WB, RAM, Long.BYTES, 1);
        memory.store(Agent.DEVICE, NC, RAM + LINE, Long.BYTES, 2);

        memory.maintenance().dcCleanInvalPoc(Agent.KVM, RAM, PAGE);
        memory.store(Agent.DEVICE, NC, RAM + 8, Long.BYTES, 3);

        assertThat(loadMemory(RAM)).isEqualTo(1);
        assertThat(loadMemory(RAM + LINE)).isEqualTo(2);
        assertThat(memory.load(Agent.KVM, WB, RAM, Long.BYTES)).isEqualTo(1);
        assertThat(memory.load(Agent.KVM, WB, RAM + LINE, Long.BYTES)).isEqualTo(2);
        assertThat(memory.load(Agent.KVM, WB, RAM + 8, Long.BYTES)).isEqualTo(3);
    }

    /// Invariant `clean-never-writes`.
    @ParameterizedTest
    @EnumSource
    void cleanLinesAreNeverWritten(CachePolicy policy) {
        Elements.Element pe = elements(policy, true, 1).element(0);
        pe.store(RAM, 1);
        memory.maintenance().dcCleanPoc(Agent.KVM, RAM, LINE);
        pe.load(RAM);

        memory.store(Agent.DEVICE, NC, RAM, Long.BYTES, 2);
        memory.maintenance().dcCleanPoc(Agent.KVM, RAM, LINE);
        memory.maintenance().dcCleanPou(Agent.KVM, RAM, LINE);
        memory.maintenance().dcCleanInvalPoc(Agent.KVM, RAM, PAGE);

        assertThat(loadMemory(RAM)).isEqualTo(2);
        assertThat(pe.load(RAM)).isEqualTo(2);
    }

    /// Invariant `line-snapshot`: the words of a line are stored in turn, the first first; what a clean brings to
    /// memory is the line at one time, in which no later word is ahead of an earlier one.
    @ParameterizedTest
    @EnumSource
    void cleanCopiesALineAsItWasAtOneTime(CachePolicy policy) throws Exception {
        Elements.Element pe = elements(policy, true, 1).element(0);
        // A range is not read at one time; only while nobody else can bring the line to memory it looks so.
        pe.store(RAM, 0);
        pe.store(RAM + PAGE - Long.BYTES, 1);
        start("writer", () -> {
            for (long round = 1; round <= ROUNDS; round++) {
                for (int word = 0; word < WORDS; word++) {
                    pe.store(RAM + (long) word * Long.BYTES, round);
                }
            }
            return 0;
        });

        CacheMaintenance maintenance = memory.maintenance();
        byte[] line = new byte[LINE];
        while (isRunning()) {
            maintenance.dcCleanPoc(Agent.KVM, RAM, LINE);
            memory.read(Agent.DEVICE, NC, RAM, line, 0, LINE);
            assertThat(disorder(line)).isZero();
        }
        join();
        maintenance.dcCleanPoc(Agent.KVM, RAM, LINE);
        assertThat(loadMemory(RAM + LINE - Long.BYTES)).isEqualTo(ROUNDS);
    }

    /// {@return how many words are ahead of the one before them, or the last more than one round behind}
    private static int disorder(byte[] line) {
        var words = java.nio.ByteBuffer.wrap(line)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .asLongBuffer();
        int wrong = words.get(WORDS - 1) < words.get(0) - 1 ? 1 : 0;
        for (int word = 1; word < WORDS; word++) {
            wrong += words.get(word) > words.get(word - 1) ? 1 : 0;
        }
        return wrong;
    }

    /// Invariant `inval-keeps-stores`: a store through the caches is never undone by a clean and invalidate.
    @ParameterizedTest
    @EnumSource
    void invalidationKeepsStores(CachePolicy policy) throws Exception {
        Elements.Element pe = elements(policy, true, 1).element(0);
        FutureTask<Long> lost = start("writer", () -> {
            long missed = 0;
            for (long round = 1; round <= ROUNDS; round++) {
                pe.store(RAM, round);
                missed += pe.load(RAM) == round ? 0 : 1;
            }
            return missed;
        });

        while (isRunning()) {
            memory.maintenance().dcCleanInvalPoc(Agent.KVM, RAM, LINE);
        }

        assertThat(lost.get()).isZero();
        memory.maintenance().dcCleanInvalPoc(Agent.KVM, RAM, LINE);
        assertThat(loadMemory(RAM)).isEqualTo(ROUNDS);
    }

    /// Counters that two elements and the host count lose nothing while others clean and invalidate their lines, and
    /// while memory beside them is stored to past the caches.
    @ParameterizedTest
    @EnumSource
    void coherentCountersLoseNothing(CachePolicy policy) throws Exception {
        Elements elements = elements(policy, true, 2);
        long sameLine = RAM + 8;
        long otherPage = RAM + PAGE + 3 * LINE;
        for (int pe = 0; pe < 2; pe++) {
            Elements.Element element = elements.element(pe);
            start("element " + pe, () -> {
                for (int i = 0; i < ROUNDS; i++) {
                    increment(element, i % 3 == 0 ? otherPage : sameLine);
                }
                return 0;
            });
        }
        start("host", () -> {
            for (int i = 0; i < ROUNDS; i++) {
                incrementByHost(sameLine);
            }
            return 0;
        });

        long misread = 0;
        SplittableRandom random = new SplittableRandom(1);
        long own = RAM + 2 * LINE;
        for (long i = 1; isRunning(); i++) {
            disturb(random);
            memory.store(Agent.DEVICE, NC, own, Long.BYTES, i);
            misread += loadMemory(own) == i ? 0 : 1;
        }
        join();

        long third = (ROUNDS + 2) / 3;
        assertThat(misread).isZero();
        assertThat(memory.load(Agent.KVM, WB, otherPage, Long.BYTES)).isEqualTo(2 * third);
        assertThat(memory.load(Agent.KVM, WB, sameLine, Long.BYTES)).isEqualTo(ROUNDS + 2 * (ROUNDS - third));
    }

    private void disturb(SplittableRandom random) {
        CacheOperation operation = switch (random.nextInt(3)) {
            case 0 -> CacheOperation.DC_CLEAN_POC;
            case 1 -> CacheOperation.DC_CLEAN_POU;
            default -> CacheOperation.DC_CLEAN_INVAL_POC;
        };
        long page = RAM + (random.nextBoolean() ? PAGE : 0);
        memory.maintenance().done(operation, Origin.of(Agent.HOST_KERNEL), page, random.nextBoolean() ? PAGE : LINE);
    }

    private static void increment(Elements.Element element, long pa) {
        long value = element.load(pa);
        for (long witness = element.compareAndExchange(pa, value, value + 1); witness != value; ) {
            value = witness;
            witness = element.compareAndExchange(pa, value, value + 1);
        }
    }

    private void incrementByHost(long pa) {
        long value = memory.load(Agent.KVM, WB, pa, Long.BYTES);
        long witness = memory.compareAndExchange(Agent.KVM, WB, pa, Long.BYTES, value, value + 1);
        while (witness != value) {
            value = witness;
            witness = memory.compareAndExchange(Agent.KVM, WB, pa, Long.BYTES, value, value + 1);
        }
    }
}
