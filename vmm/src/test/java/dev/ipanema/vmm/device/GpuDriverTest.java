package dev.ipanema.vmm.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.devices.bus.IrqLine;
import dev.ipanema.devices.gpu.CoherentGpu;
import dev.ipanema.devices.gpu.GpuModel;
import dev.ipanema.devices.pci.PciFunction;
import dev.ipanema.devices.pci.PciHostBridge;
import dev.ipanema.devices.pci.PciSlot;
import dev.ipanema.guests.program.GpuDriver;
import dev.ipanema.machine.cpu.CpuContext;
import dev.ipanema.machine.cpu.Exit;
import dev.ipanema.machine.cpu.Machine;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.DmaPort;
import dev.ipanema.machine.memory.MmioRegion;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.PhysicalMemoryBuilder;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The GPU driver on a machine without KVM: stage 2 is off, and the GPU sits on the machine's own PCI bus with its
/// memory as BAR 4. What it finds here is what hardware does.
@Timeout(120)
class GpuDriverTest {
    private static final long RAM_SIZE = 16L << 20;
    private static final long HBM_SIZE = 64L << 20;
    private static final long ENTRY = GpuDriver.RAM + 0x8_0000;
    private static final long ELSEWHERE = 0x180_0000_0000L;
    private static final long BUDGET = 200_000_000;

    private final StringBuilder printed = new StringBuilder();

    /// Memory of the machine as a device reaches it: from `base` on, at another address there.
    private record Port(PhysicalMemory memory, long base, long size, long at) implements DmaPort {
        private static final MemoryAttributes WB = MemoryAttributes.NORMAL_WB;

        private boolean has(long address, int length) {
            return address >= base && length >= 0 && address - base <= size - length;
        }

        private long pa(long address) {
            return address - base + at;
        }

        @Override
        public boolean read(long address, byte[] to, int offset, int length) {
            if (has(address, length)) {
                memory.read(Agent.DEVICE, WB, pa(address), to, offset, length);
            }
            return has(address, length);
        }

        @Override
        public boolean write(long address, byte[] from, int offset, int length) {
            if (has(address, length)) {
                memory.write(Agent.DEVICE, WB, pa(address), from, offset, length);
            }
            return has(address, length);
        }

        @Override
        public long load(long address, int bytes) {
            return has(address, bytes) ? memory.load(Agent.DEVICE, WB, pa(address), bytes) : NO_MEMORY;
        }

        @Override
        public boolean store(long address, int bytes, long value) {
            if (has(address, bytes)) {
                memory.store(Agent.DEVICE, WB, pa(address), bytes, value);
            }
            return has(address, bytes);
        }
    }

    /// The GPU with its memory as BAR 4, as its host's driver shows it.
    private static final class WithMemoryBar implements PciFunction {
        private static final int BAR4 = 0x20;

        private final PciFunction gpu;
        private static final long FLAGS = 0xc;
        private long value;

        WithMemoryBar(PciFunction gpu, long preset) {
            this.gpu = gpu;
            this.value = preset;
        }

        @Override
        public void plugged(PciSlot slot) {
            gpu.plugged(slot);
        }

        @Override
        public long readConfig(int offset, int bytes) {
            if (offset != BAR4 && offset != BAR4 + 4) {
                return gpu.readConfig(offset, bytes);
            }
            long whole = (value & -HBM_SIZE) | FLAGS;
            return offset == BAR4 ? whole & 0xffff_ffffL : whole >>> 32;
        }

        @Override
        public void writeConfig(int offset, int bytes, long bits) {
            if (offset == BAR4) {
                value = (value & ~0xffff_ffffL) | bits;
            } else if (offset == BAR4 + 4) {
                value = (value & 0xffff_ffffL) | bits << 32;
            } else {
                gpu.writeConfig(offset, bytes, bits);
            }
        }

        @Override
        public long barAddress(int bar) {
            return gpu.barAddress(bar);
        }

        @Override
        public long barSize(int bar) {
            return gpu.barSize(bar);
        }

        @Override
        public Space barSpace(int bar) {
            return gpu.barSpace(bar);
        }

        @Override
        public long readBar(int bar, long offset, int bytes) {
            return gpu.readBar(bar, offset, bytes);
        }

        @Override
        public void writeBar(int bar, long offset, int bytes, long bits) {
            gpu.writeBar(bar, offset, bytes, bits);
        }
    }

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

    private final class Uart implements MmioRegion {
        @Override
        public long read(long offset, int bytes) {
            return 0;
        }

        @Override
        public void write(long offset, int bytes, long value) {
            printed.append((char) value);
        }
    }

    /// What the machine is like.
    ///
    /// @param hasGpu whether there is a GPU
    /// @param memory where the CPU has its memory, 0 for nowhere
    /// @param fabric where the GPU's fabric has it
    /// @param preset what BAR 4 holds at the start
    private record Board(boolean hasGpu, long memory, long fabric, long preset) {
        static final Board IDENTITY = new Board(true, GpuDriver.HIGH_WINDOW, GpuDriver.HIGH_WINDOW, 0);

        /// {@return where the driver puts BAR 2} The first place that is free.
        long bar2() {
            return preset == ELSEWHERE ? GpuDriver.HIGH_WINDOW : GpuDriver.HIGH_WINDOW + (1L << 30);
        }
    }

    /// Runs an image to its end.
    private List<String> run(GpuDriver.Mode mode, Board board) {
        PciHostBridge bridge = new PciHostBridge(
                GpuDriver.LOW_WINDOW,
                GpuDriver.HIGH_WINDOW,
                List.of(IrqLine.NONE, IrqLine.NONE, IrqLine.NONE, IrqLine.NONE),
                (address, data, deviceId) -> {});
        PhysicalMemoryBuilder builder = PhysicalMemory.builder()
                .ram("ram", GpuDriver.RAM, RAM_SIZE)
                .mmio("uart", GpuDriver.UART, 0x1000, new Uart())
                .mmio("ecam", GpuDriver.ECAM, PciHostBridge.BUS_SIZE, bridge.ecam())
                .mmio("low", GpuDriver.LOW_WINDOW, 0x1000_0000, bridge.memory32())
                .mmio(
                        "bar2",
                        board.bar2(),
                        CoherentGpu.APERTURE_SIZE,
                        new Shifted(bridge.memory64(), board.bar2() - GpuDriver.HIGH_WINDOW));
        if (board.memory() != 0) {
            builder.ram("hbm", board.memory(), HBM_SIZE);
        }
        try (PhysicalMemory memory = builder.build();
                Machine machine = new Machine(memory, CpuModel.parse("neoverse-v2"), 1, ExclusivePolicy.FAULT_0X35)) {
            if (board.hasGpu()) {
                bridge.add(3, gpu(memory, board));
            }
            byte[] image = GpuDriver.image(mode);
            memory.write(Agent.LOADER, MemoryAttributes.NORMAL_WB, ENTRY, image, 0, image.length);
            CpuContext ctx = new CpuContext(machine.cpuModel());
            ctx.set(SysReg.HCR_EL2, HcrEl2.RW);
            ctx.setPstate(Pstate.EL1H | Pstate.DAIF);
            ctx.setPc(ENTRY);
            assertThat(machine.processingElement(0).run(ctx, BUDGET)).isEqualTo(Exit.TRAP);
            assertThat(ctx.x(0)).isEqualTo(0x8400_0008L);
        }
        return printed.toString().lines().toList();
    }

    private static PciFunction gpu(PhysicalMemory memory, Board board) {
        DmaPort system = new Port(memory, GpuDriver.RAM, RAM_SIZE, GpuDriver.RAM);
        DmaPort fabric = new Port(memory, board.fabric(), HBM_SIZE, board.memory());
        return new WithMemoryBar(
                new CoherentGpu(GpuModel.GB200, board.fabric(), HBM_SIZE, system, fabric, Runnable::run),
                board.preset());
    }

    @Test
    void everyPropertyHoldsOnHardwareThatIsMappedIdentically() {
        assertThat(run(GpuDriver.Mode.SUITE, Board.IDENTITY))
                .containsExactly(
                        "device: 0x2941",
                        "bar0: 0x10000000",
                        "bar2: 0x8040000000 size 0x4000000",
                        "bar4: 0x8000000000 size 0x4000000",
                        "memory: 0x4000000",
                        "unaligned ok",
                        "aligned ok",
                        "pair ok",
                        "exclusives ok",
                        "lse-atomic ok",
                        "cas ok",
                        "casp ok",
                        "dc-zva ok",
                        "simd ok",
                        "page-table-walk ok",
                        "instruction-fetch ok",
                        "copy-engine ok",
                        "aperture ok",
                        "gpu: 13 ok, 0 failed");
    }

    @Test
    void aBarThatHasAnAddressKeepsIt() {
        assertThat(run(GpuDriver.Mode.SUITE, new Board(true, ELSEWHERE, ELSEWHERE, ELSEWHERE)))
                .contains(
                        "bar2: 0x8000000000 size 0x4000000",
                        "bar4: 0x18000000000 size 0x4000000",
                        "gpu: 13 ok, 0 failed");
    }

    /// The driver tells the engine an address that only the CPU knows.
    @Test
    void theCopyEngineFindsNothingWhereTheCpuHasTheMemoryElsewhere() {
        assertThat(run(GpuDriver.Mode.SUITE, new Board(true, GpuDriver.HIGH_WINDOW, ELSEWHERE, 0)))
                .contains("copy-engine FAIL status=5", "gpu: 12 ok, 1 failed");
    }

    @Test
    void everyExceptionIsToldAndTheNextPropertyTried() {
        assertThat(run(GpuDriver.Mode.SUITE, new Board(true, 0, GpuDriver.HIGH_WINDOW, 0)))
                .filteredOn(line ->
                        line.matches("[a-z-]+ FAIL esr=0x96000[01][15]0 far=0x8000[0-9a-f]{6} elr=0x400[89a-f].*"))
                .hasSize(13);
        assertThat(printed).contains("gpu: 0 ok, 13 failed");
    }

    @Test
    void theUnalignedImageMakesThatAccessOnly() {
        assertThat(run(GpuDriver.Mode.UNALIGNED, Board.IDENTITY)).endsWith("unaligned ok", "gpu: 1 ok, 0 failed");
    }

    @Test
    void touchingPrintsBlocksAndTicks() {
        assertThat(run(GpuDriver.Mode.TOUCH, Board.IDENTITY)).last().asString().matches("touch: 32 blocks, \\d+ ticks");
    }

    @Test
    void theLoopIsTimedThreeTimes() {
        assertThat(run(GpuDriver.Mode.SPEED, Board.IDENTITY))
                .filteredOn(line -> line.matches("speed: ram \\d+ ticks, gpu \\d+ ticks"))
                .hasSize(3);
    }

    @Test
    void aMachineWithoutGpuIsTold() {
        assertThat(run(GpuDriver.Mode.SUITE, new Board(false, 0, 0, 0))).containsExactly("gpu: none");
    }
}
