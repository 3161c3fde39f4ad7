package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Condition;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;
import org.jspecify.annotations.Nullable;

/// Finds the GPU on bus 0, gives its BARs addresses and waits until its memory is ready, as code of the [GpuDriver].
///
/// | register | afterwards |
/// |---|---|
/// | X20 | configuration space |
/// | X21 | BAR0 |
/// | X22 | BAR4, the coherent memory |
/// | X23 | bytes of the coherent memory, which may be fewer than the BAR's |
/// | X24 | BAR2 |
/// | X29 | bytes of BAR2 |
final class DriverPci {
    private static final int VENDOR = 0x10de;
    private static final int SLOT_SHIFT = 15;
    private static final int SLOTS = 32;
    private static final int COMMAND = 0x04;
    private static final int COMMAND_MEMORY_AND_MASTER = 6;
    private static final int BAR0 = 0x10;
    private static final int BAR2 = 0x18;
    private static final int BAR4 = 0x20;
    private static final long BAR_FLAGS = 0xf;
    private static final int C2C_LINK_STATUS = 0x1498;
    private static final int HBM_TRAINING_STATUS = 0x200bc;
    private static final int READY = 0xff;
    private static final int POLLS = 100_000;
    private static final int MEMORY_SIZE = 0x10_0ce8;
    private static final long GIB = 1L << 30;
    private static final int RESMEM_UNIT_SHIFT = 29;

    /// Bytes of a real BAR2; RESMEM is more.
    static final long APERTURE_SIZE = 64L << 20;

    private final Assembler asm;
    private final DriverConsole console;
    private final Label size64;

    DriverPci(Assembler asm, DriverConsole console) {
        this.asm = asm;
        this.console = console;
        this.size64 = asm.label("size-64-bit-bar");
    }

    /// Looks for the GPU.
    void find(Label none) {
        Label found = asm.label();
        asm.movImm(Reg.X20, GpuDriver.ECAM).movImm(Reg.X4, SLOTS).movImm(Reg.X5, VENDOR);
        Label loop = asm.here();
        asm.ldrh(Reg.W0, Reg.X20, 0).cmp(Reg.X0, Reg.X5).b("eq", found);
        asm.movImm(Reg.X6, 1L << SLOT_SHIFT).add(Reg.X20, Reg.X20, Reg.X6);
        asm.sub(Reg.X4, Reg.X4, 1).cbnz(Reg.X4, loop).b(none);
        asm.bind(found);
        console.print("device: ");
        asm.ldrh(Reg.W0, Reg.X20, 2);
        console.printHex(Reg.X0);
        console.print("\n");
    }

    /// Sizes the BARs and gives an address to each that has none. X9 is the first free address of the high window.
    void assign(Label noMemory) {
        assignBar0();
        asm.movImm(Reg.X9, GpuDriver.HIGH_WINDOW);
        asm.movImm(Reg.X8, BAR4)
                .bl(size64)
                .mov(Reg.X22, Reg.X0)
                .mov(Reg.X23, Reg.X1)
                .cbz(Reg.X1, noMemory);
        asm.movImm(Reg.X8, BAR2).bl(size64).mov(Reg.X24, Reg.X0).mov(Reg.X29, Reg.X1);
        asm.movImm(Reg.X0, COMMAND_MEMORY_AND_MASTER).strh(Reg.W0, Reg.X20, COMMAND);
        bar("bar0: ", Reg.X21, null);
        bar("bar2: ", Reg.X24, Reg.X29);
        bar("bar4: ", Reg.X22, Reg.X23);
    }

    private void bar(String name, Reg address, @Nullable Reg size) {
        console.print(name);
        console.printHex(address);
        if (size != null) {
            console.print(" size ");
            console.printHex(size);
        }
        console.print("\n");
    }

    private void assignBar0() {
        Label has = asm.label();
        asm.ldr(Reg.W21, Reg.X20, BAR0).and(Reg.X21, Reg.X21, ~BAR_FLAGS).cbnz(Reg.X21, has);
        asm.movImm(Reg.X0, 0xffff_ffffL).str(Reg.W0, Reg.X20, BAR0).ldr(Reg.W0, Reg.X20, BAR0);
        asm.and(Reg.X0, Reg.X0, ~BAR_FLAGS & 0xffff_ffffL);
        // The window's start rounded up to the BAR's size: adding size minus 1, which is the inverted mask.
        asm.movImm(Reg.X1, 0xffff_ffffL).eor(Reg.X1, Reg.X1, Reg.X0).movImm(Reg.X21, GpuDriver.LOW_WINDOW);
        asm.add(Reg.X21, Reg.X21, Reg.X1).and(Reg.X21, Reg.X21, Reg.X0).str(Reg.W21, Reg.X20, BAR0);
        asm.bind(has);
    }

    /// Waits until link and training are done, and finds how much of BAR4 is memory.
    void ready(Label notReady) {
        Label done = asm.label();
        Label again = asm.label();
        asm.movImm(Reg.X4, POLLS).movImm(Reg.X5, C2C_LINK_STATUS).movImm(Reg.X6, HBM_TRAINING_STATUS);
        Label loop = asm.here();
        asm.ldr(Reg.W0, Reg.X21, Reg.X5).cmp(Reg.X0, READY).b("ne", again);
        asm.ldr(Reg.W0, Reg.X21, Reg.X6).cmp(Reg.X0, READY).b("eq", done);
        asm.bind(again).sub(Reg.X4, Reg.X4, 1).cbnz(Reg.X4, loop).b(notReady);
        asm.bind(done);
        memorySize();
        console.print("memory: ");
        console.printHex(Reg.X23);
        console.print("\n");
    }

    /// X23 becomes the smaller of BAR4 and the memory that the GPU tells; with RESMEM, what the host's driver leaves
    /// (`nvgrace_gpu_init_nvdev_struct`): 1 GiB less, in units of 512 MiB.
    private void memorySize() {
        Label whole = asm.label();
        asm.movImm(Reg.X5, MEMORY_SIZE).ldr(Reg.X0, Reg.X21, Reg.X5);
        asm.movImm(Reg.X1, APERTURE_SIZE).cmp(Reg.X29, Reg.X1).b("ls", whole);
        asm.movImm(Reg.X1, GIB).sub(Reg.X0, Reg.X0, Reg.X1);
        asm.lsr(Reg.X0, Reg.X0, RESMEM_UNIT_SHIFT).lsl(Reg.X0, Reg.X0, RESMEM_UNIT_SHIFT);
        asm.bind(whole).cmp(Reg.X0, Reg.X23).csel(Reg.X23, Reg.X0, Reg.X23, Condition.CC);
    }

    /// Puts the functions here.
    void functions() {
        size64Function();
    }

    /// Sizes the BAR at offset X8 and gives it an address from X9 on if it has none. X0 becomes the address, X1 the
    /// size, 0 without such a BAR.
    private void size64Function() {
        Label absent = asm.label();
        Label preset = asm.label();
        Label end = asm.label();
        asm.bind(size64).add(Reg.X8, Reg.X20, Reg.X8);
        asm.ldr(Reg.W0, Reg.X8, 0).ldr(Reg.W1, Reg.X8, 4).lsl(Reg.X1, Reg.X1, Integer.SIZE);
        asm.orr(Reg.X0, Reg.X0, Reg.X1).and(Reg.X0, Reg.X0, ~BAR_FLAGS).movImm(Reg.X2, 0xffff_ffffL);
        asm.str(Reg.W2, Reg.X8, 0).str(Reg.W2, Reg.X8, 4).ldr(Reg.W1, Reg.X8, 0).ldr(Reg.W2, Reg.X8, 4);
        asm.lsl(Reg.X2, Reg.X2, Integer.SIZE).orr(Reg.X1, Reg.X1, Reg.X2).and(Reg.X1, Reg.X1, ~BAR_FLAGS);
        asm.cbz(Reg.X1, absent).sub(Reg.X1, Reg.XZR, Reg.X1).cbnz(Reg.X0, preset);
        // At least 1 GiB, as stage 1 is of such blocks and two BARs may be of different types.
        asm.movImm(Reg.X3, GIB).cmp(Reg.X1, Reg.X3).csel(Reg.X3, Reg.X1, Reg.X3, Condition.HI);
        asm.sub(Reg.X4, Reg.X3, 1).add(Reg.X0, Reg.X9, Reg.X4).bic(Reg.X0, Reg.X0, Reg.X4);
        asm.add(Reg.X9, Reg.X0, Reg.X3).b(end);
        // A given address outside the window leaves the window free.
        asm.bind(preset)
                .movImm(Reg.X4, GpuDriver.HIGH_WINDOW_END)
                .cmp(Reg.X0, Reg.X4)
                .b("cs", end);
        asm.add(Reg.X3, Reg.X0, Reg.X1).cmp(Reg.X3, Reg.X9);
        asm.csel(Reg.X9, Reg.X3, Reg.X9, Condition.HI);
        asm.bind(end).str(Reg.W0, Reg.X8, 0).lsr(Reg.X2, Reg.X0, Integer.SIZE).str(Reg.W2, Reg.X8, 4);
        asm.bind(absent).ret();
    }
}
