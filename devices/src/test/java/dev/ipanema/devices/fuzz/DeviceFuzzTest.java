package dev.ipanema.devices.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.devices.block.Overlay;
import dev.ipanema.devices.block.RawFile;
import dev.ipanema.devices.bus.IrqLine;
import dev.ipanema.devices.bus.TestIrq;
import dev.ipanema.devices.bus.TestMemory;
import dev.ipanema.devices.clock.Pl031;
import dev.ipanema.devices.firmware.FwCfg;
import dev.ipanema.devices.flash.CfiFlash;
import dev.ipanema.devices.gpu.CoherentGpu;
import dev.ipanema.devices.gpu.CopyEngine;
import dev.ipanema.devices.gpu.GpuModel;
import dev.ipanema.devices.net.LoopbackPeer;
import dev.ipanema.devices.pci.PciHostBridge;
import dev.ipanema.devices.pci.VirtioPci;
import dev.ipanema.devices.serial.Pl011;
import dev.ipanema.devices.virtio.ConsolePort;
import dev.ipanema.devices.virtio.TestDriver;
import dev.ipanema.devices.virtio.Virtio9p;
import dev.ipanema.devices.virtio.VirtioBlock;
import dev.ipanema.devices.virtio.VirtioConsole;
import dev.ipanema.devices.virtio.VirtioDevice;
import dev.ipanema.devices.virtio.VirtioMmio;
import dev.ipanema.devices.virtio.VirtioNet;
import dev.ipanema.devices.virtio.VirtioRng;
import dev.ipanema.machine.memory.MmioRegion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Guests that write anything to registers and rings: devices answer in bounded time, throw nothing and reach memory
/// only through their [dev.ipanema.machine.memory.DmaPort].
class DeviceFuzzTest {
    private static final int ROUNDS = Boolean.getBoolean("ipanema.long") ? 1_000_000 : 30_000;
    private static final int RESTART = 300;

    private final long seed = Long.getLong("ipanema.seed", 20_261_124L);
    private final SplittableRandom random = new SplittableRandom(seed);
    private final TestMemory memory = TestDriver.memory();

    @TempDir
    private Path folder;

    enum Kind {
        BLOCK,
        CONSOLE,
        RNG,
        NET,
        NINEP
    }

    @BeforeEach
    void printSeed() {
        System.out.println("seed " + seed);
    }

    private VirtioDevice device(Kind kind) throws IOException {
        return switch (kind) {
            case BLOCK -> {
                Path image = Files.write(folder.resolve("disk"), new byte[1 << 20]);
                yield new VirtioBlock(Overlay.open(RawFile.open(image, true), folder.resolve("side")), "id");
            }
            case CONSOLE -> {
                VirtioConsole console = new VirtioConsole(List.of(
                        ConsolePort.console((bytes, length) -> {}), ConsolePort.named("a", (bytes, length) -> {})));
                console.send(0, new byte[100_000]);
                console.send(1, new byte[100_000]);
                yield console;
            }
            case RNG -> new VirtioRng(seed);
            case NET -> new VirtioNet(new byte[6], new LoopbackPeer());
            case NINEP -> new Virtio9p("tag", Files.createDirectories(folder.resolve("shared")));
        };
    }

    // ---- values that reach far
    // ---------------------------------------------------------------------------------------

    private long address() {
        return switch (random.nextInt(8)) {
            case 0 -> random.nextLong();
            case 1 -> -random.nextInt(64);
            case 2 -> TestDriver.BASE + TestDriver.MEMORY - random.nextInt(64);
            default -> TestDriver.BASE + (random.nextInt(TestDriver.MEMORY) & ~15);
        };
    }

    private int small() {
        return random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(40);
    }

    /// Scribbles into the rings, more often with values that are nearly right.
    private void scribble() {
        int queue = random.nextInt(6);
        switch (random.nextInt(4)) {
            case 0 -> {
                long at = TestDriver.descriptors(queue) + 16L * random.nextInt(TestDriver.QUEUE_SIZE);
                memory.store(at, 8, address());
                memory.store(at + 8, 4, random.nextInt(3) == 0 ? random.nextInt() : random.nextInt(4096));
                memory.store(at + 12, 2, random.nextInt(8));
                memory.store(at + 14, 2, random.nextInt(TestDriver.QUEUE_SIZE + 1));
            }
            case 1 -> {
                long ring = TestDriver.driverArea(queue);
                int index = (int) memory.load(ring + 2, 2) + random.nextInt(4);
                memory.store(ring + 2, 2, random.nextInt(50) == 0 ? small() : index);
            }
            case 2 ->
                memory.store(
                        TestDriver.driverArea(queue) + 4 + 2L * random.nextInt(TestDriver.QUEUE_SIZE + 1),
                        2,
                        random.nextInt(20) == 0 ? small() : random.nextInt(TestDriver.QUEUE_SIZE));
            default -> memory.store(address(), 8, random.nextInt(3) == 0 ? random.nextLong() : small());
        }
    }

    private void scribbleRegister(MmioRegion region, long size) {
        int bytes = 1 << random.nextInt(4);
        long offset = random.nextLong(size) & -bytes;
        if (random.nextBoolean()) {
            region.read(offset, bytes);
        } else {
            region.write(offset, bytes, random.nextBoolean() ? small() : random.nextLong());
        }
    }

    // ---- virtio
    // ------------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aVirtioDeviceOverMmioSurvivesAnyGuest(Kind kind) throws IOException {
        VirtioMmio mmio = new VirtioMmio(device(kind), memory, new TestIrq());
        int started = 0;
        for (int i = 0; i < ROUNDS; i++) {
            if (i % RESTART == 0) {
                startMmio(mmio);
                started += (int) mmio.read(0x70, 4) & 4;
            }
            switch (random.nextInt(8)) {
                case 0 -> scribbleRegister(mmio, VirtioMmio.SIZE);
                case 1, 2 -> mmio.write(0x50, 4, random.nextInt(6));
                case 3 -> mmio.registers().poll();
                default -> scribble();
            }
        }

        assertThat(started).isPositive();
    }

    private void startMmio(VirtioMmio mmio) {
        mmio.write(0x70, 4, 0);
        mmio.write(0x70, 4, 3);
        mmio.write(0x14, 4, 0);
        mmio.write(0x24, 4, 0);
        mmio.write(0x20, 4, mmio.read(0x10, 4));
        mmio.write(0x24, 4, 1);
        mmio.write(0x20, 4, 1);
        mmio.write(0x70, 4, 11);
        for (int queue = 0; queue < mmio.registers().queues(); queue++) {
            mmio.write(0x30, 4, queue);
            mmio.write(0x38, 4, TestDriver.QUEUE_SIZE);
            mmio.write(0x80, 4, TestDriver.descriptors(queue));
            mmio.write(0x90, 4, TestDriver.driverArea(queue));
            mmio.write(0xa0, 4, TestDriver.deviceArea(queue));
            memory.store(TestDriver.driverArea(queue) + 2, 2, random.nextInt(TestDriver.QUEUE_SIZE));
            mmio.write(0x44, 4, 1);
        }
        mmio.write(0x70, 4, 15);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aVirtioDeviceOverPciSurvivesAnyGuest(Kind kind) throws IOException {
        long window = 0x1000_0000L;
        PciHostBridge bridge = new PciHostBridge(
                window,
                0x80_0000_0000L,
                List.of(IrqLine.NONE, IrqLine.NONE, IrqLine.NONE, IrqLine.NONE),
                (address, data, deviceId) -> {});
        VirtioPci function = new VirtioPci(device(kind), memory);
        bridge.add(1, function);
        MmioRegion ecam = bridge.ecam();
        for (int i = 0; i < ROUNDS; i++) {
            if (i % RESTART == 0) {
                ecam.write(0x8014, 4, window);
                ecam.write(0x8020, 4, window + 0x10000);
                ecam.write(0x8024, 4, 0);
                ecam.write(0x8004, 2, 6);
                startPci(bridge.memory32(), 0x10000, function.registers().queues());
            }
            switch (random.nextInt(8)) {
                case 0 -> scribbleRegister(new Shifted(ecam, 0x8000), 0x100);
                case 1 -> scribbleRegister(bridge.memory32(), 0x2000);
                case 2 -> scribbleRegister(new Shifted(bridge.memory32(), 0x10000), 0x4000);
                case 3, 4 -> bridge.memory32().write(0x13000 + 4L * random.nextInt(6), 2, 0);
                default -> scribble();
            }
        }

        ecam.write(0x8004, 2, 0);
        assertThat(bridge.placed()).isEmpty();
    }

    /// A part of a region.
    private record Shifted(MmioRegion region, long base) implements MmioRegion {
        @Override
        public long read(long offset, int bytes) {
            return region.read(base + offset, bytes);
        }

        @Override
        public void write(long offset, int bytes, long value) {
            region.write(base + offset, bytes, value);
        }
    }

    private void startPci(MmioRegion region, long common, int queues) {
        region.write(common + 20, 1, 0);
        region.write(common + 20, 1, 3);
        region.write(common, 4, 0);
        region.write(common + 8, 4, 0);
        region.write(common + 12, 4, region.read(common + 4, 4));
        region.write(common + 8, 4, 1);
        region.write(common + 12, 4, 1);
        region.write(common + 20, 1, 11);
        for (int queue = 0; queue < queues; queue++) {
            region.write(common + 22, 2, queue);
            region.write(common + 24, 2, TestDriver.QUEUE_SIZE);
            region.write(common + 32, 8, TestDriver.descriptors(queue));
            region.write(common + 40, 8, TestDriver.driverArea(queue));
            region.write(common + 48, 8, TestDriver.deviceArea(queue));
            memory.store(TestDriver.driverArea(queue) + 2, 2, random.nextInt(TestDriver.QUEUE_SIZE));
            region.write(common + 28, 2, 1);
        }
        region.write(common + 20, 1, 15);
    }

    // ---- the others
    // --------------------------------------------------------------------------------------------------

    @Test
    void theSerialPortSurvivesAnyGuest() {
        Pl011 uart = new Pl011(value -> {}, new TestIrq());
        int taken = 0;
        for (int i = 0; i < ROUNDS; i++) {
            scribbleRegister(uart, random.nextBoolean() ? 0x50 : Pl011.SIZE);
            taken += uart.receive(i) ? 1 : 0;
        }

        assertThat(taken).isPositive();
    }

    @Test
    void theClockSurvivesAnyGuest() {
        long[] now = {1_700_000_000L};
        Pl031 rtc = new Pl031(() -> now[0], new TestIrq());
        for (int i = 0; i < ROUNDS; i++) {
            scribbleRegister(rtc, random.nextBoolean() ? 0x20 : Pl031.SIZE);
            now[0] += random.nextInt(3);
        }

        assertThat(rtc.read(0xfe0, 4)).isEqualTo(0x31);
    }

    @Test
    void flashSurvivesAnyGuest() {
        CfiFlash flash = new CfiFlash(new TestMemory(0, 1 << 20), true, readable -> {});
        int[] commands = {0xff, 0x40, 0x10, 0x20, 0x50, 0x60, 0x70, 0x90, 0x98, 0xe8, 0xd0, 3};
        for (int i = 0; i < ROUNDS; i++) {
            int command = commands[random.nextInt(commands.length)];
            flash.write(random.nextLong(CfiFlash.SIZE) & ~3, 4, (long) command << 16 | command);
            scribbleRegister(flash, random.nextBoolean() ? 1 << 20 : CfiFlash.SIZE);
        }
        flash.write(0, 4, 0xff);

        assertThat(flash.read(0, 1)).isBetween(0L, 0xffL);
    }

    @Test
    void firmwareConfigurationSurvivesAnyGuest() {
        FwCfg device = new FwCfg(memory).machine(1, 1 << 20).file("a", new byte[100]);
        for (int i = 0; i < ROUNDS; i++) {
            scribbleRegister(device, FwCfg.SIZE);
            long command = TestDriver.BASE + random.nextInt(0x100) * 16L;
            memory.store(command, 4, Integer.reverseBytes(random.nextInt(0x30) << 16 | random.nextInt(32)));
            memory.store(command + 4, 4, Integer.reverseBytes(random.nextBoolean() ? small() : random.nextInt(0x200)));
            memory.store(command + 8, 8, Long.reverseBytes(address()));
            device.write(0x10, 8, Long.reverseBytes(command));
        }
        device.write(8, 2, 0);

        assertThat(device.read(0, 4)).isEqualTo(0x554d4551);
    }

    @ParameterizedTest
    @EnumSource(GpuModel.class)
    void theGpuSurvivesAnyGuest(GpuModel model) {
        long window = 0x1000_0000L;
        long local = 0x80_0000_0000L;
        PciHostBridge bridge = new PciHostBridge(
                window,
                local,
                List.of(IrqLine.NONE, IrqLine.NONE, IrqLine.NONE, IrqLine.NONE),
                (address, data, deviceId) -> {});
        TestMemory hbm = new TestMemory(local, 1 << 20);
        CoherentGpu gpu = new CoherentGpu(model, local, 1 << 20, memory, hbm, Runnable::run);
        bridge.add(1, gpu);
        MmioRegion config = new Shifted(bridge.ecam(), 0x8000);
        MmioRegion engine = new Shifted(gpu.bar0(), CopyEngine.BASE);
        int done = 0;
        for (int i = 0; i < ROUNDS; i++) {
            if (i % RESTART == 0) {
                config.write(4, 2, 6);
                startRing(engine);
            }
            switch (random.nextInt(10)) {
                case 0 -> scribbleRegister(config, random.nextBoolean() ? 0x40 : 0x1000);
                case 1 -> scribbleRegister(bridge.memory32(), 1 << 24);
                case 2 -> scribbleRegister(gpu.bar2(), CoherentGpu.APERTURE_SIZE);
                case 3 -> scribbleRegister(new Shifted(gpu.bar0(), CoherentGpu.MSIX_TABLE), 0x100);
                case 4 -> scribbleRegister(gpu.bar0(), random.nextBoolean() ? 1 << 24 : 0x2000);
                case 5 -> scribbleRegister(engine, 0x60);
                case 6 -> engine.write(CopyEngine.PUT, 4, random.nextInt(9));
                default -> scribbleCopy(local);
            }
            done += engine.read(CopyEngine.GET, 4) != 0 ? 1 : 0;
        }
        config.write(4, 2, 0);

        assertThat(done).isPositive();
        assertThat(bridge.placed()).isEmpty();
    }

    private void startRing(MmioRegion engine) {
        engine.write(CopyEngine.CONTROL, 4, 0);
        engine.write(CopyEngine.RING_BASE, 8, TestDriver.BASE);
        engine.write(CopyEngine.RING_ENTRIES, 4, 8);
        engine.write(CopyEngine.CONTROL, 4, 1);
    }

    private void scribbleCopy(long local) {
        long at = TestDriver.BASE + (long) random.nextInt(8) * CopyEngine.DESCRIPTOR_SIZE;
        memory.store(at, 8, random.nextBoolean() ? address() : local + random.nextInt(1 << 20));
        memory.store(at + 8, 8, random.nextBoolean() ? address() : local + random.nextInt(1 << 20));
        memory.store(at + 16, 4, random.nextInt(20) == 0 ? random.nextInt() : random.nextInt(4096));
        memory.store(at + 20, 4, random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(16));
    }
}
