package dev.ipanema.vmm.boot;

import dev.ipanema.arm.register.SysReg;
import dev.ipanema.images.format.GuestImage;
import dev.ipanema.images.format.SymbolTable;
import dev.ipanema.machine.cpu.CpuContext;
import java.util.Optional;

/// Names for a guest's addresses. A kernel runs where its randomised layout has put it; how far that is from its
/// symbols is seen from VBAR_EL1, which points to its `vectors` (Linux `arch/arm64/kernel/entry.S`), and before the MMU
/// is on, from where the image was loaded.
final class GuestSymbols {
    /// A kernel moves by multiples of this (Linux `arch/arm64/kernel/pi/kaslr_early.c`: at least 64 KiB).
    private static final long SLIDE_GRANULE = 0x1_0000;

    private final SymbolTable symbols;
    private final long imageStart;
    private final long imageEnd;
    private final long vectors;
    private final long text;

    /// @param map symbols of a file of their own, empty: those of the image
    GuestSymbols(GuestBoot boot, SymbolTable map) {
        GuestImage image = boot instanceof GuestBoot.Kernel(GuestImage loaded) ? loaded : null;
        symbols = map.size() > 0 || image == null ? map : image.symbols();
        imageStart = image == null ? 0 : image.segments().getFirst().address();
        imageEnd = image == null ? 0 : image.segments().getLast().end();
        vectors = symbols.addressOf("vectors").orElse(0L);
        text = symbols.addressOf("_text").orElse(0L);
    }

    /// {@return an address as `name+0x1c`}
    ///
    /// @param cpu whose address it is
    Optional<String> describe(CpuContext cpu, long address) {
        if (text != 0 && address >= imageStart && address < imageEnd) {
            return symbols.describe(address - imageStart + text);
        }
        long slide = vectors == 0 ? 0 : cpu.get(SysReg.VBAR_EL1) - vectors;
        return symbols.describe(slide % SLIDE_GRANULE == 0 ? address - slide : address);
    }
}
