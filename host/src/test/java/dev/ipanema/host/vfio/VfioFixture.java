package dev.ipanema.host.vfio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.base.time.Ticker;
import dev.ipanema.devices.gpu.CoherentGpu;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.mm.Vma;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.machine.cache.CacheOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A host with a GPU, its first one opened, and a process with room for mappings. Waiting takes no time and is
/// counted.
final class VfioFixture implements AutoCloseable {
    static final long PAGE = AddressSpace.PAGE_SIZE;
    static final long HVA = 0x7000_0000_0000L;
    static final int RW = Mman.PROT_READ | Mman.PROT_WRITE;
    static final int SHARED = Mman.MAP_SHARED | Mman.MAP_FIXED;
    static final int PRIVATE = Mman.MAP_PRIVATE | Mman.MAP_FIXED;
    static final long CONFIG = VfioUapi.offsetOf(VfioUapi.VFIO_PCI_CONFIG_REGION_INDEX);
    static final long BAR0 = VfioUapi.offsetOf(0);
    static final long BAR2 = VfioUapi.offsetOf(2);
    static final long BAR4 = VfioUapi.offsetOf(4);

    final Clock clock = new Clock();
    final Host host;
    final AddressSpace mm;
    private final boolean mapsAtMmap;
    private VfioDevice device;

    /// Time that passes only while somebody sleeps.
    static final class Clock implements Ticker, Delay {
        private long millis;
        private final List<Long> sleeps = new ArrayList<>();
        private Runnable whileSleeping = () -> {};
        private boolean killed;

        @Override
        public long nanos() {
            return millis * 1_000_000;
        }

        @Override
        public boolean sleep(long duration) {
            millis += duration;
            sleeps.add(duration);
            whileSleeping.run();
            return !killed;
        }

        long millis() {
            return millis;
        }

        List<Long> sleeps() {
            return sleeps;
        }

        void kill() {
            killed = true;
        }

        void whileSleeping(Runnable event) {
            whileSleeping = event;
        }
    }

    VfioFixture(HostProfile profile, boolean mapsAtMmap) {
        this(profile, mapsAtMmap, null);
    }

    /// @param caches how caches are modelled, null: not at all
    VfioFixture(HostProfile profile, boolean mapsAtMmap, @Nullable CacheOptions caches) {
        this.mapsAtMmap = mapsAtMmap;
        this.host = Host.builder(profile)
                .ticker(clock)
                .delay(clock)
                .devicesOnCallersThread(true)
                .caches(caches)
                .build();
        this.mm = host.newAddressSpace();
    }

    static VfioFixture of(String name) {
        return new VfioFixture(HostProfile.parse(name), false);
    }

    /// {@return a host whose first GPU is changed}
    static VfioFixture of(String name, java.util.function.UnaryOperator<HostProfile.Gpu> change) {
        HostProfile profile = HostProfile.parse(name);
        return new VfioFixture(
                profile.withGpus(profile.gpus().stream().map(change).toList()), false);
    }

    VfioOpening open() {
        return host.vfio().open("0000:01:00.0", mapsAtMmap);
    }

    VfioDevice device() {
        if (device == null) {
            VfioOpening opening = open();
            assertThat(opening.reason()).isEmpty();
            device = Objects.requireNonNull(opening.device());
        }
        return device;
    }

    CoherentGpu gpu() {
        return host.gpus().getFirst();
    }

    HostProfile.Gpu profile() {
        return Objects.requireNonNull(host.profile().gpu());
    }

    VfioRegionInfo region(int index) {
        VfioRegionInfo[] info = new VfioRegionInfo[1];
        assertThat(device().regionInfo(index, found -> info[0] = found)).isZero();
        return info[0];
    }

    /// {@return what is read, or a negated errno}
    long read(long offset, int bytes) {
        byte[] buffer = new byte[bytes];
        long result = device().pread(offset, buffer, 0, bytes);
        if (result < 0) {
            return result;
        }
        assertThat(result).isEqualTo(bytes);
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (buffer[i] & 0xffL) << (8 * i);
        }
        return value;
    }

    long write(long offset, int bytes, long value) {
        byte[] buffer = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            buffer[i] = (byte) (value >>> (8 * i));
        }
        return device().pwrite(offset, buffer, 0, bytes);
    }

    Vma map(long offset, long size) {
        assertThat(mm.mmap(HVA, size, RW, SHARED, device(), offset)).isEqualTo(HVA);
        return Objects.requireNonNull(mm.vmaLookup(HVA));
    }

    @Override
    public void close() {
        if (device != null) {
            device.close();
        }
        host.close();
    }
}
