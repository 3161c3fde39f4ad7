package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;
import java.util.Locale;

/// A bare-metal driver for a coherent GPU that was passed through: finds it on PCI, gives its BARs addresses, maps its
/// memory write-back and tries whether it behaves as memory.
///
/// An image is an arm64 `Image` (Linux, `Documentation/arch/arm64/booting.rst`) that also runs headerless and at any
/// multiple of 4 KiB. It is entered at EL1 with the MMU off, expects RAM at [#RAM], a PL011 at [#UART], ECAM at
/// [#ECAM] and PSCI by HVC, and ends by SYSTEM_OFF. It finds one GPU: the first function of vendor 10DE on bus 0.
///
/// What it prints:
///
/// ```
/// device: 0x2941
/// bar0: 0x10000000
/// bar2: 0xc000000000 size 0x4000000
/// bar4: 0x8000000000 size 0x4000000000
/// memory: 0x3000000000
/// unaligned ok
/// pair FAIL got=0x1 expected=0x2
/// lse-atomic FAIL esr=0x96000035 far=0x8000020000 elr=0x40202f30
/// copy-engine FAIL status=5
/// gpu: 1 ok, 3 failed
/// ```
///
/// or the one line `gpu: none`, `gpu: no coherent memory` (there is no BAR4), `gpu: not ready` or
/// `gpu: exception FAIL esr=… far=… elr=…`.
///
/// The copy engine reaches GPU memory by raw physical address and the driver knows BAR4's address only, so that
/// `copy-engine` holds where the guest's address is the host's.
public final class GpuDriver {
    /// Where main memory begins.
    public static final long RAM = 0x4000_0000L;

    /// The serial port.
    public static final long UART = 0x0900_0000L;

    /// Configuration spaces of bus 0.
    public static final long ECAM = 0x40_1000_0000L;

    /// The PCI window below 4 GiB.
    public static final long LOW_WINDOW = 0x1000_0000L;

    /// The high PCI window.
    public static final long HIGH_WINDOW = 0x80_0000_0000L;

    /// Behind the high PCI window.
    public static final long HIGH_WINDOW_END = 0x100_0000_0000L;

    private static final long GIB = 1L << 30;
    private static final long ECAM_SIZE = 1L << 20;
    private static final long PSCI_SYSTEM_OFF = 0x8400_0008L;

    /// `ARM\x64`, little-endian.
    private static final int IMAGE_MAGIC = 0x644d_5241;

    /// Little-endian, 4 KiB pages, anywhere in memory.
    private static final long IMAGE_FLAGS = 0b1010;

    /// What an image does when it has found the GPU.
    public enum Mode {
        /// All properties, the unaligned access first.
        SUITE,
        /// The unaligned access only.
        UNALIGNED,
        /// Reads from every 2 MiB of the memory and prints `touch: N blocks, N ticks`.
        TOUCH,
        /// Runs one loop on main memory and on GPU memory and prints `speed: ram N ticks, gpu N ticks` three times.
        SPEED;

        /// {@return how users spell it}
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Mode mode;
    private final Assembler asm = new Assembler(0);
    private final DriverConsole console = new DriverConsole(asm);
    private final DriverMmu mmu = new DriverMmu(asm);
    private final DriverPci pci = new DriverPci(asm, console);
    private final DriverSuite suite = new DriverSuite(asm, console);
    private final DriverProperties properties = new DriverProperties(asm, suite, mmu);
    private final DriverCopies copies = new DriverCopies(asm, suite);
    private final DriverMeasure measure = new DriverMeasure(asm, console);
    private final Label end = asm.label("end");
    private final Label off = asm.label("off");

    private GpuDriver(Mode mode) {
        this.mode = mode;
    }

    /// {@return the image of a mode}
    public static byte[] image(Mode mode) {
        return new GpuDriver(mode).build();
    }

    /// {@return the file name that an image of a mode may have}
    public static String file(Mode mode) {
        return "gpu-" + mode.word() + ".image";
    }

    private byte[] build() {
        Label start = asm.label("start");
        header(start);
        asm.bind(start).movImm(Reg.X19, UART);
        suite.start();
        Label none = asm.label();
        Label noMemory = asm.label();
        Label notReady = asm.label();
        pci.find(none);
        pci.assign(noMemory);
        pci.ready(notReady);
        mapMemory();
        work();
        asm.b(off);
        ending(none, "gpu: none\n");
        ending(noMemory, "gpu: no coherent memory\n");
        ending(notReady, "gpu: not ready\n");
        asm.bind(off).movImm(Reg.X0, PSCI_SYSTEM_OFF).hvc(0);
        functions();
        return asm.bytes();
    }

    private void header(Label start) {
        asm.b(start).nop().quad(0).quad(end).quad(IMAGE_FLAGS).quad(0).quad(0).quad(0);
        asm.word(IMAGE_MAGIC).word(0);
    }

    private void mapMemory() {
        mmu.map(0, GIB, DriverMmu.Type.DEVICE);
        mmu.map(RAM, GIB, DriverMmu.Type.WRITE_BACK);
        mmu.map(ECAM, ECAM_SIZE, DriverMmu.Type.DEVICE);
        mmu.map(Reg.X22, Reg.X23, DriverMmu.Type.WRITE_BACK);
        mapSecondBar();
        mmu.enable();
    }

    private void mapSecondBar() {
        Label behind = asm.label();
        Label aperture = asm.label();
        asm.cbz(Reg.X29, behind)
                .movImm(Reg.X0, DriverPci.APERTURE_SIZE)
                .cmp(Reg.X29, Reg.X0)
                .b("ls", aperture);
        mmu.map(Reg.X24, Reg.X29, DriverMmu.Type.NON_CACHEABLE);
        asm.b(behind).bind(aperture);
        mmu.map(Reg.X24, Reg.X29, DriverMmu.Type.DEVICE);
        asm.bind(behind);
    }

    private void work() {
        switch (mode) {
            case SUITE -> {
                properties.unaligned();
                properties.others();
                copies.copyEngine();
                copies.secondBar();
                suite.summary();
            }
            case UNALIGNED -> {
                properties.unaligned();
                suite.summary();
            }
            case TOUCH -> measure.touch();
            case SPEED -> measure.speed();
        }
    }

    private void ending(Label entry, String text) {
        asm.bind(entry);
        console.print(text);
        asm.b(off);
    }

    private void functions() {
        console.functions();
        mmu.functions();
        pci.functions();
        suite.functions(off);
        measure.functions();
        mmu.data();
        copies.data();
        measure.data();
        asm.align(DriverMmu.TABLE).bind(end);
    }
}
