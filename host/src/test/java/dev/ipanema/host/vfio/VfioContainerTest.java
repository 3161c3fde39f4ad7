package dev.ipanema.host.vfio;

import static dev.ipanema.host.vfio.VfioFixture.BAR0;
import static dev.ipanema.host.vfio.VfioFixture.BAR4;
import static dev.ipanema.host.vfio.VfioFixture.CONFIG;
import static dev.ipanema.host.vfio.VfioFixture.HVA;
import static dev.ipanema.host.vfio.VfioFixture.PAGE;
import static dev.ipanema.host.vfio.VfioFixture.PRIVATE;
import static dev.ipanema.host.vfio.VfioFixture.RW;
import static dev.ipanema.host.vfio.VfioFixture.SHARED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.devices.gpu.CopyEngine;
import dev.ipanema.devices.gpu.CopyStatus;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.machine.memory.DmaPort;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class VfioContainerTest {
    private static final long IOVA = 0x4000_0000L;
    private static final long SIZE = 4 * Sizes.MIB;
    private static final int EINVAL = Errno.EINVAL.negated();

    private final VfioFixture fixture = VfioFixture.of("gb200");
    private final VfioContainer container = fixture.host.vfio().newContainer();
    private final DmaPort port = container.port(true);

    @AfterEach
    void close() {
        container.close();
        assertThat(fixture.host.kernel().audit()).isEmpty();
        fixture.close();
    }

    private void mapRam() {
        assertThat(fixture.mm.mmap(HVA, SIZE, RW, PRIVATE | Mman.MAP_ANONYMOUS)).isEqualTo(HVA);
    }

    private int map(long hva, long iova, long size) {
        return container.mapDma(fixture.mm, hva, iova, size);
    }

    private long pfn(long hva) {
        return HostPte.pfnAt(fixture.mm.lookupLeaf(hva), hva);
    }

    @Test
    void deviceReachesTheProcessesMemoryAndOnlyThat() {
        mapRam();
        assertThat(map(HVA, IOVA, SIZE)).isZero();
        fixture.mm.userMemory().store(HVA + 16, 8, 0x1122_3344_5566_7788L);
        byte[] bytes = new byte[3 * 4096];

        assertThat(port.load(IOVA + 16, 4)).isEqualTo(0x5566_7788L);
        assertThat(port.store(IOVA + PAGE - 4, 8, -1)).isTrue();
        assertThat(fixture.mm.userMemory().load(HVA + PAGE - 4, 8)).isEqualTo(-1);
        assertThat(port.read(IOVA, bytes, 0, bytes.length)).isTrue();
        assertThat(bytes[16]).isEqualTo((byte) 0x88);
        assertThat(port.write(IOVA + SIZE - 4, bytes, 0, 4)).isTrue();
        assertThat(port.write(IOVA + SIZE - 4, bytes, 0, 5)).isFalse();
        assertThat(port.load(IOVA - 4, 4)).isEqualTo(DmaPort.NO_MEMORY);
        assertThat(port.store(IOVA + SIZE - 2, 4, 0)).isFalse();
        for (long address : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, -4096, 1L << 48}) {
            assertThat(port.read(address, bytes, 0, 8)).isFalse();
            assertThat(port.store(address, 8, 0)).isFalse();
        }
    }

    @Test
    void pageIsPinnedFromTheFirstAccessToTheUnmap() {
        mapRam();
        fixture.mm.userMemory().store(HVA, 8, 1);
        long pfn = pfn(HVA);
        assertThat(map(HVA, IOVA, SIZE)).isZero();
        assertThat(fixture.host.kernel().pfns().references(pfn)).isEqualTo(1);

        port.store(IOVA, 8, 42);
        port.store(IOVA + 8, 8, 43);

        assertThat(fixture.host.kernel().pfns().references(pfn)).isEqualTo(2);
        assertThat(fixture.host.kernel().migratePage(pfn)).isEqualTo(Errno.EAGAIN.negated());
        assertThat(fixture.host.kernel().audit()).isEmpty();
        fixture.mm.munmap(HVA, SIZE);
        assertThat(port.load(IOVA, 4)).isEqualTo(42);
        assertThat(port.load(IOVA + PAGE, 4)).isEqualTo(DmaPort.NO_MEMORY);
        assertThat(container.unmapDma(IOVA, SIZE)).isZero();
        assertThat(fixture.host.kernel().pfns().references(pfn)).isZero();
        assertThat(port.load(IOVA, 4)).isEqualTo(DmaPort.NO_MEMORY);
    }

    @Test
    void memoryIsSpentAsItIsTouched() {
        assertThat(fixture.mm.mmap(HVA, 64 * Sizes.GIB, RW, PRIVATE | Mman.MAP_ANONYMOUS))
                .isEqualTo(HVA);
        long before = fixture.host.kernel().allocatedPages();

        assertThat(map(HVA, 0, 64 * Sizes.GIB)).isZero();
        port.store(63 * Sizes.GIB, 4, 1);

        assertThat(fixture.host.kernel().allocatedPages()).isEqualTo(before + 1);
    }

    @Test
    void mapRefusesWhatType1Refuses() {
        mapRam();
        assertThat(map(HVA, IOVA, SIZE)).isZero();
        int eexist = Errno.EEXIST.negated();

        assertThat(map(HVA, IOVA, SIZE)).isEqualTo(eexist);
        assertThat(map(HVA, IOVA + SIZE - PAGE, PAGE)).isEqualTo(eexist);
        assertThat(map(HVA, IOVA - PAGE, 2 * PAGE)).isEqualTo(eexist);
        assertThat(map(HVA, 0, IOVA)).isEqualTo(Errno.EFAULT.negated());
        assertThat(map(HVA + 1, 0, PAGE)).isEqualTo(EINVAL);
        assertThat(map(HVA, 1, PAGE)).isEqualTo(EINVAL);
        assertThat(map(HVA, 0, 1)).isEqualTo(EINVAL);
        assertThat(map(HVA, 0, 0)).isEqualTo(EINVAL);
        assertThat(map(HVA, 0, -PAGE)).isEqualTo(EINVAL);
        assertThat(map(HVA, -PAGE, PAGE)).isEqualTo(EINVAL);
        assertThat(map(HVA, 1L << 48, PAGE)).isEqualTo(EINVAL);
        assertThat(map(HVA, (1L << 48) - PAGE, 2 * PAGE)).isEqualTo(EINVAL);
        assertThat(map(-PAGE, 0, PAGE)).isEqualTo(EINVAL);
        assertThat(map(1L << 50, 0, PAGE)).isEqualTo(Errno.EFAULT.negated());
        assertThat(map(HVA + SIZE, 0, PAGE)).isEqualTo(Errno.EFAULT.negated());
        assertThat(map(Long.MAX_VALUE & -PAGE, 0, PAGE)).isEqualTo(EINVAL);
    }

    @Test
    void unmapRefusesToCutAMappingAndTakesManyWhole() {
        mapRam();
        map(HVA, IOVA, PAGE * 2);
        map(HVA + 2 * PAGE, IOVA + 4 * PAGE, PAGE * 2);

        assertThat(container.unmapDma(IOVA, PAGE)).isEqualTo(EINVAL);
        assertThat(container.unmapDma(IOVA + PAGE, PAGE)).isEqualTo(EINVAL);
        assertThat(container.unmapDma(IOVA, 5 * PAGE)).isEqualTo(EINVAL);
        assertThat(container.unmapDma(IOVA + 1, PAGE)).isEqualTo(EINVAL);
        assertThat(container.unmapDma(IOVA, 0)).isEqualTo(EINVAL);
        assertThat(container.unmapDma(-PAGE, PAGE)).isEqualTo(EINVAL);
        assertThat(port.load(IOVA, 4)).isZero();
        assertThat(container.unmapDma(0, IOVA + 8 * PAGE)).isZero();
        assertThat(container.unmapDma(0, IOVA + 8 * PAGE)).isZero();
        assertThat(port.load(IOVA, 4)).isEqualTo(DmaPort.NO_MEMORY);
        assertThat(port.load(IOVA + 4 * PAGE, 4)).isEqualTo(DmaPort.NO_MEMORY);
    }

    @Test
    void readOnlyMemoryIsNoMemoryForADevice() {
        fixture.mm.mmap(HVA, PAGE, Mman.PROT_READ, PRIVATE | Mman.MAP_ANONYMOUS);

        assertThat(map(HVA, IOVA, PAGE)).isEqualTo(Errno.EFAULT.negated());
    }

    @Test
    void pfnMappingsAreFollowedWithoutReference() {
        assertThat(fixture.mm.mmap(HVA, SIZE, RW, SHARED, fixture.device(), BAR4))
                .isEqualTo(HVA);
        assertThat(map(HVA, IOVA, SIZE)).isZero();

        assertThat(port.store(IOVA + 8, 8, 99)).isTrue();

        assertThat(fixture.read(BAR4 + 8, 8)).isEqualTo(99);
    }

    @Test
    void registersOfDevicesAreNotReached() {
        assertThat(fixture.mm.mmap(HVA, SIZE, RW, SHARED, fixture.device(), BAR0))
                .isEqualTo(HVA);
        assertThat(map(HVA, IOVA, SIZE)).isZero();

        assertThat(port.load(IOVA, 4)).isEqualTo(DmaPort.NO_MEMORY);
    }

    @Test
    void unmapWaitsForTheAccessUnderWay() throws InterruptedException {
        mapRam();
        AtomicBoolean end = new AtomicBoolean();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread device = Thread.ofPlatform().daemon().start(() -> {
            byte[] bytes = new byte[3 * 4096];
            while (!end.get()) {
                try {
                    port.write(IOVA + PAGE / 2, bytes, 0, bytes.length);
                } catch (RuntimeException | Error e) {
                    failure.set(e);
                    return;
                }
            }
        });

        for (int i = 0; i < 300; i++) {
            map(HVA, IOVA, SIZE);
            fixture.mm.madvise(HVA, SIZE, Mman.MADV_DONTNEED);
            container.unmapDma(IOVA, SIZE);
        }
        end.set(true);
        device.join();

        assertThat(failure.get()).isNull();
        assertThat(fixture.host.kernel().audit()).isEmpty();
    }

    // ---- the engine of a GPU ---------------------------------------------------------------------------------------

    private long copyToGpu() {
        long engine = BAR0 + CopyEngine.BASE;
        fixture.write(engine + CopyEngine.SOURCE, 8, IOVA);
        fixture.write(engine + CopyEngine.DESTINATION, 8, fixture.profile().memoryBase() + PAGE);
        fixture.write(engine + CopyEngine.LENGTH, 4, 2 * PAGE);
        fixture.write(engine + CopyEngine.FLAGS, 4, CopyEngine.DESTINATION_LOCAL);
        fixture.write(engine + CopyEngine.LAUNCH, 4, 1);
        return fixture.read(engine + CopyEngine.RESULT, 4);
    }

    @Test
    void engineCopiesFromMappedMemoryToTheGpusOwn() {
        mapRam();
        fixture.mm.userMemory().store(HVA + PAGE, 8, 0x5a5a);
        map(HVA, IOVA, SIZE);
        fixture.write(CONFIG + 4, 2, 6);

        assertThat(copyToGpu()).isEqualTo(CopyStatus.NO_SOURCE.code());
        fixture.device().attach(container);
        assertThat(copyToGpu()).isEqualTo(CopyStatus.DONE.code());
        assertThat(fixture.read(BAR4 + 2 * PAGE, 8)).isEqualTo(0x5a5a);
        container.unmapDma(IOVA, SIZE);
        assertThat(copyToGpu()).isEqualTo(CopyStatus.NO_SOURCE.code());
        map(HVA, IOVA, SIZE);
        fixture.device().detach();
        assertThat(copyToGpu()).isEqualTo(CopyStatus.NO_SOURCE.code());
    }
}
