package dev.ipanema.kvm.abort;

import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TcrEl1;
import dev.ipanema.arm.register.TtbrEl1;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.UserMemory;
import dev.ipanema.kvm.memslot.Memslot;
import dev.ipanema.kvm.mmu.VmMemory;
import dev.ipanema.machine.cpu.CpuContext;

/// Walks the guest's stage-1 tables in search of the descriptor whose own address stage 2 refused: its level is
/// what an external abort on the walk must report (`arch/arm64/kvm/at.c:__kvm_find_s1_desc_level`).
final class Stage1DescriptorSearch {
    /// No descriptor of the walk lies in that page: the guest has changed its tables.
    static final int NOT_FOUND = Integer.MIN_VALUE;

    private static final int DESCRIPTOR_SHIFT = 3;
    private static final int LAST_LEVEL = 3;
    private static final int VA_BITS = 64;

    private final VmMemory vm;
    private final CpuContext cpu;

    Stage1DescriptorSearch(VmMemory vm, CpuContext cpu) {
        this.vm = vm;
        this.cpu = cpu;
    }

    /// {@return the level of the descriptor that lies in a page, -1 to 3, or [#NOT_FOUND]}
    ///
    /// @param va address whose translation walks there
    /// @param page IPA of the page
    int levelOf(long va, long page) {
        long tcr = cpu.get(SysReg.TCR_EL1);
        int half = TcrEl1.half(va);
        Granule granule = TcrEl1.granule(tcr, half);
        boolean oa52 = (tcr & TcrEl1.DS) != 0;
        int vaBits = VA_BITS - TcrEl1.tsz(tcr, half);
        int levels = (vaBits - granule.shift() + granule.stride() - 1) / granule.stride();
        int level = LAST_LEVEL + 1 - levels;
        long ttbr = cpu.get(half == 0 ? SysReg.TTBR0_EL1 : SysReg.TTBR1_EL1);
        long table = TtbrEl1.base(ttbr, oa52) & -tableBytes(granule, vaBits, level);
        long index = (va & ((1L << vaBits) - 1)) >>> granule.levelShift(level);
        while (true) {
            long descriptorIpa = table + (index << DESCRIPTOR_SHIFT);
            if ((descriptorIpa & -MappingSize.PAGE_SIZE) == page) {
                return level;
            }
            long descriptor = read(descriptorIpa);
            if (level == LAST_LEVEL || !Stage1Descriptor.isTable(descriptor, level)) {
                return NOT_FOUND;
            }
            table = Stage1Descriptor.tableAddress(descriptor, granule, oa52);
            level++;
            index = granule.index(va, level);
        }
    }

    private static long tableBytes(Granule granule, int vaBits, int level) {
        return 1L << Math.max(vaBits - granule.levelShift(level) + DESCRIPTOR_SHIFT, DESCRIPTOR_SHIFT);
    }

    /// {@return eight bytes of guest memory (`kvm_read_guest`), 0 where there is none}
    private long read(long ipa) {
        long gfn = ipa >>> HostPte.PAGE_SHIFT;
        Memslot slot = vm.memslots().find(gfn);
        if (!SlotState.of(slot).valid() || slot == null) {
            return 0;
        }
        long hva = slot.hva(gfn, HostPte.PAGE_SHIFT) + (ipa & (MappingSize.PAGE_SIZE - 1));
        try {
            return vm.mm().userMemory().load(hva, Long.BYTES);
        } catch (UserMemory.UserFaultException e) {
            return 0;
        }
    }
}
