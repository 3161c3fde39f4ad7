package dev.ipanema.vmm.scenario;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.guests.program.ProbePage;
import dev.ipanema.host.driver.DevMem;
import dev.ipanema.host.driver.PfnDriver;
import dev.ipanema.host.driver.PfnMapping;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.MappableFile;
import dev.ipanema.host.mm.MemoryFile;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.UserMemory;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.host.mm.Vma;
import dev.ipanema.host.platform.Host;
import dev.ipanema.machine.memory.MemoryLoader;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.vmm.scenario.MappingKind.Attribute;
import dev.ipanema.vmm.scenario.MappingKind.Pages;
import dev.ipanema.vmm.scenario.MappingKind.Populate;
import dev.ipanema.vmm.scenario.MappingKind.Protection;
import dev.ipanema.vmm.scenario.MappingKind.Source;
import dev.ipanema.vmm.scenario.MappingKind.VmaFlag;
import java.util.ArrayList;
import java.util.List;

/// The mappings that a scenario makes in the VMM, with their first page written as the format says.
final class Mappings {
    private static final int WORD = Long.BYTES;

    private final Host host;
    private final AddressSpace mm;
    private final AddressWindows windows = new AddressWindows();
    private final List<Mapping> mappings = new ArrayList<>();

    /// @param phys where the memory is when a driver maps it, -1 when the kernel chose
    private record Mapping(long hva, long size, long phys) {
        boolean contains(long address) {
            return address >= hva && address - hva < size;
        }
    }

    Mappings(Host host, AddressSpace mm) {
        this.host = host;
        this.mm = mm;
    }

    /// {@return the address that an expression means}
    long resolve(AddressExpression expression) {
        return windows.resolve(expression);
    }

    /// {@return `PROT_*` bits}
    static int protection(Protection prot) {
        return (prot.read() ? Mman.PROT_READ : 0)
                | (prot.write() ? Mman.PROT_WRITE : 0)
                | (prot.exec() ? Mman.PROT_EXEC : 0);
    }

    /// Maps, and writes the first page.
    void mmap(Step.Mmap step) {
        MappingKind kind = step.kind();
        long hva = step.windowOffset().isPresent()
                ? windows.inWindow(step.windowOffset().getAsLong())
                : windows.reserve(kind.size(), Math.max(kind.align(), kind.leaf()));
        windows.label(step.vma(), hva);
        long phys = kind.phys().orElse(-1);
        boolean driver = kind.source() == Source.DRIVER;
        if (driver) {
            requirePhys(kind);
            if (kind.pages() == Pages.STRUCT_PAGE) {
                claimStructPages(kind, phys);
            }
            // Through another mapping of the same memory, so that the driver's own entries stay as they are.
            loader().write(phys, ProbePage.content(), 0, ProbePage.SIZE);
        }
        boolean writeFirst = !driver && kind.source() != Source.ANONYMOUS_UNTOUCHED;
        int prot = protection(kind.prot());
        map(kind, hva, writeFirst ? prot | Mman.PROT_WRITE : prot);
        if (writeFirst) {
            writeFirstPage(kind, hva);
            if (!kind.prot().write()) {
                succeed(kind, mm.mprotect(hva, kind.size(), prot));
            }
        }
        check(kind, hva);
        mappings.add(new Mapping(hva, kind.size(), driver ? phys : -1));
    }

    private void map(MappingKind kind, long hva, int prot) {
        int flags = Mman.MAP_FIXED | (kind.shared() ? Mman.MAP_SHARED : Mman.MAP_PRIVATE);
        switch (kind.source()) {
            case ANONYMOUS, ANONYMOUS_UNTOUCHED -> anonymous(kind, hva, prot, flags, Mman.MADV_NOHUGEPAGE);
            case ANONYMOUS_THP -> anonymous(kind, hva, prot, flags, Mman.MADV_HUGEPAGE);
            case ANONYMOUS_MTE -> {
                int tags = host.mte() ? Mman.PROT_MTE : 0;
                anonymous(kind, hva, prot | tags, flags, Mman.MADV_NOHUGEPAGE);
            }
            case HUGETLB_2M ->
                succeed(
                        kind,
                        mm.mmap(
                                hva,
                                kind.size(),
                                prot,
                                flags | Mman.MAP_ANONYMOUS | Mman.MAP_HUGETLB | Mman.MAP_HUGE_2MB));
            case MEMFD -> {
                MemoryFile file = MemoryFile.memfd(mm.kernel(), "/memfd:scenario", kind.size());
                file(kind, hva, prot, flags, file, 0);
                file.close();
            }
            case DEV_MEM, DEV_MEM_SYNC -> {
                requirePhys(kind);
                boolean sync = kind.source() == Source.DEV_MEM_SYNC;
                DevMem file = new DevMem(mm.kernel(), sync, false, host.paRangeBits());
                file(kind, hva, prot, flags, file, kind.phys().getAsLong());
            }
            case DRIVER -> file(kind, hva, prot, flags, driver(kind), 0);
        }
    }

    private void anonymous(MappingKind kind, long hva, int prot, int flags, int advice) {
        succeed(kind, mm.mmap(hva, kind.size(), prot, flags | Mman.MAP_ANONYMOUS));
        succeed(kind, mm.madvise(hva, kind.size(), advice));
    }

    private void file(MappingKind kind, long hva, int prot, int flags, MappableFile file, long offset) {
        succeed(kind, mm.mmap(hva, kind.size(), prot, flags, file, offset));
    }

    private static PfnDriver driver(MappingKind kind) {
        Populate populate = kind.populate();
        if (populate == null) {
            throw new BadInput("a driver's mapping lacks 'populate'");
        }
        try {
            Attribute pteProt = kind.pteProt();
            return new PfnDriver(
                    "/dev/scenario",
                    new PfnMapping(
                            kind.phys().orElseThrow(),
                            kind.size(),
                            kind.vmPgoff().orElse(kind.phys().orElseThrow() >>> HostPte.PAGE_SHIFT),
                            vmFlags(kind) & PfnMapping.FLAGS,
                            attribute(kind.vmPageProt()),
                            attribute(pteProt == null ? kind.vmPageProt() : pteProt),
                            populate == Populate.AT_MMAP ? PfnMapping.Populate.AT_MMAP : PfnMapping.Populate.ON_FAULT,
                            Long.numberOfTrailingZeros(kind.leaf()),
                            kind.pages() == Pages.STRUCT_PAGE));
        } catch (IllegalArgumentException e) {
            throw new BadInput("kind '" + kind.name() + "': " + e.getMessage());
        }
    }

    private static PteAttrIndex attribute(Attribute attribute) {
        return switch (attribute) {
            case WB -> PteAttrIndex.MT_NORMAL;
            case NC -> PteAttrIndex.MT_NORMAL_NC;
            case DEVICE_NGNRNE -> PteAttrIndex.MT_DEVICE_nGnRnE;
            case DEVICE_NGNRE -> PteAttrIndex.MT_DEVICE_nGnRE;
        };
    }

    private static long vmFlags(MappingKind kind) {
        long flags = 0;
        for (VmaFlag flag : kind.vmFlags()) {
            flags |= VmFlags.parse(flag.word());
        }
        return flags;
    }

    private void writeFirstPage(MappingKind kind, long hva) {
        byte[] page = ProbePage.content();
        UserMemory memory = mm.userMemory();
        for (int offset = 0; offset < page.length; offset += WORD) {
            // Whole aligned words: a Device mapping takes nothing else.
            long word = 0;
            for (int i = WORD - 1; i >= 0; i--) {
                word = (word << Byte.SIZE) | (page[offset + i] & 0xff);
            }
            try {
                memory.store(hva + offset, WORD, word);
            } catch (UserMemory.UserFaultException e) {
                throw new BadInput("kind '" + kind.name() + "': its first page cannot be written");
            }
        }
    }

    /// The VMA has to be what the scenario says it is: a description that contradicts its source is no scenario.
    private void check(MappingKind kind, long hva) {
        Vma vma = mm.vmaLookup(hva);
        if (vma == null) {
            throw new IllegalStateException("There is no VMA at 0x" + Long.toHexString(hva));
        }
        long listed = vmFlags(kind);
        long all = 0;
        for (VmaFlag flag : VmaFlag.values()) {
            all |= VmFlags.parse(flag.word());
        }
        if ((vma.vmFlags() & all) != listed) {
            throw new BadInput("kind '" + kind.name() + "': the VMA has the flags " + VmFlags.names(vma.vmFlags() & all)
                    + ", not " + VmFlags.names(listed));
        }
        PteAttrIndex attribute =
                vma.pageProt() == PteAttrIndex.MT_NORMAL_TAGGED ? PteAttrIndex.MT_NORMAL : vma.pageProt();
        if (attribute != attribute(kind.vmPageProt())) {
            throw new BadInput("kind '" + kind.name() + "': the VMA has the attribute " + vma.pageProt() + ", not "
                    + kind.vmPageProt().word());
        }
        if (kind.vmPgoff().isPresent() && vma.pgoff() != kind.vmPgoff().getAsLong()) {
            throw new BadInput("kind '" + kind.name() + "': the VMA has the vm_pgoff 0x" + Long.toHexString(vma.pgoff())
                    + ", not 0x" + Long.toHexString(kind.vmPgoff().getAsLong()));
        }
    }

    /// {@return the first word of what backs an address of the VMM, 0 when nothing does}
    long firstWord(long hva) {
        for (Mapping mapping : mappings.reversed()) {
            if (mapping.contains(hva)) {
                return mapping.phys() >= 0 ? loader().load(mapping.phys(), WORD) : load(mapping.hva());
            }
        }
        return 0;
    }

    private long load(long hva) {
        try {
            return mm.userMemory().load(hva, WORD);
        } catch (UserMemory.UserFaultException e) {
            return 0;
        }
    }

    private void requirePhys(MappingKind kind) {
        if (kind.phys().isEmpty() || !memory().contains(kind.phys().getAsLong(), kind.size())) {
            throw new BadInput("kind '" + kind.name() + "': 'phys' is missing or outside of the host's memory");
        }
        if (kind.phys().getAsLong() % AddressSpace.PAGE_SIZE != 0) {
            throw new BadInput("kind '" + kind.name() + "': 'phys' is no multiple of the page size");
        }
    }

    private void claimStructPages(MappingKind kind, long phys) {
        if (!mm.kernel().hasStructPages(phys, kind.size())) {
            throw new BadInput("kind '" + kind.name() + "': memory without struct pages cannot be inserted as such");
        }
        mm.kernel().claimReserved(phys, kind.size());
    }

    private PhysicalMemory memory() {
        return host.machine().physicalMemory();
    }

    /// The recordings were made where memory has one value for everybody.
    private MemoryLoader loader() {
        return new MemoryLoader(memory());
    }

    private static void succeed(MappingKind kind, long result) {
        if (result < 0) {
            throw new BadInput("kind '" + kind.name() + "' cannot be mapped: " + Errno.render((int) result));
        }
    }
}
