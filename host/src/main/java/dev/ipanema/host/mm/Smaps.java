package dev.ipanema.host.mm;

/// The text of `/proc/PID/smaps`: for each VMA what it is, how much of it is present and how, and its
/// flags.
///
/// Shared and private parts are told apart by the number of references of each page; swap, KSM and lazy
/// freeing do not exist here and their lines say 0.
///
/// Source: Linux 7.3 `fs/proc/task_mmu.c:show_smap`.
final class Smaps {
    private final AddressSpace mm;
    private final Vma vma;
    private long resident;
    private long proportional;
    private long sharedClean;
    private long sharedDirty;
    private long privateClean;
    private long privateDirty;
    private long referenced;
    private long anonymous;
    private long anonHuge;
    private long sharedHugetlb;
    private long privateHugetlb;

    private Smaps(AddressSpace mm, Vma vma) {
        this.mm = mm;
        this.vma = vma;
    }

    static String render(AddressSpace mm) {
        StringBuilder text = new StringBuilder();
        mm.mmapLock().readLock();
        try {
            for (Vma vma : mm.vmas()) {
                new Smaps(mm, vma).render(text);
            }
        } finally {
            mm.mmapLock().readUnlock();
        }
        return text.toString();
    }

    private void account() {
        synchronized (mm.pageTableLock()) {
            mm.pageTable().walk(vma.start(), vma.end(), (hva, leaf) -> {
                if (HostPte.isPresent(leaf) && !HostPte.isSpecial(leaf)) {
                    account(leaf);
                }
                return leaf;
            });
        }
    }

    private void account(long leaf) {
        PfnDatabase pfns = mm.kernel().pfns();
        long bytes = 1L << HostPte.shift(leaf);
        long pfn = HostPte.pfn(leaf);
        boolean ofFile = pfns.testPageFlags(pfn, PfnDatabase.PG_MAPPING);
        int mappings = Math.max(1, pfns.references(pfn) - (ofFile ? 1 : 0));
        boolean shared = mappings > 1 && !pfns.testPageFlags(pfn, PfnDatabase.PG_ANON);
        if (vma.isHugetlb()) {
            if (shared) {
                sharedHugetlb += bytes;
            } else {
                privateHugetlb += bytes;
            }
            return;
        }
        resident += bytes;
        proportional += shared ? bytes / mappings : bytes;
        boolean dirty = HostPte.isDirty(leaf);
        if (shared) {
            sharedDirty += dirty ? bytes : 0;
            sharedClean += dirty ? 0 : bytes;
        } else {
            privateDirty += dirty ? bytes : 0;
            privateClean += dirty ? 0 : bytes;
        }
        referenced += HostPte.isYoung(leaf) ? bytes : 0;
        if (pfns.testPageFlags(pfn, PfnDatabase.PG_ANON)) {
            anonymous += bytes;
            anonHuge += HostPte.shift(leaf) == HostPte.PMD_SHIFT ? bytes : 0;
        }
    }

    private void render(StringBuilder text) {
        account();
        MappableFile file = vma.file();
        String head = String.format(
                "%08x-%08x %s%s%s%s %08x 00:00 0 ",
                vma.start(),
                vma.end(),
                vma.has(VmFlags.VM_READ) ? "r" : "-",
                vma.has(VmFlags.VM_WRITE) ? "w" : "-",
                vma.has(VmFlags.VM_EXEC) ? "x" : "-",
                vma.has(VmFlags.VM_MAYSHARE) ? "s" : "p",
                file == null ? 0 : vma.pgoff() << HostPte.PAGE_SHIFT);
        text.append(file == null ? head : String.format("%-73s%s", head, file.name()))
                .append('\n');
        long page = 1L << vma.pageShift();
        line(text, "Size", vma.size());
        line(text, "KernelPageSize", page);
        line(text, "MMUPageSize", page);
        line(text, "Rss", resident);
        line(text, "Pss", proportional);
        line(text, "Pss_Dirty", privateDirty);
        line(text, "Shared_Clean", sharedClean);
        line(text, "Shared_Dirty", sharedDirty);
        line(text, "Private_Clean", privateClean);
        line(text, "Private_Dirty", privateDirty);
        line(text, "Referenced", referenced);
        line(text, "Anonymous", anonymous);
        line(text, "KSM", 0);
        line(text, "LazyFree", 0);
        line(text, "AnonHugePages", anonHuge);
        line(text, "ShmemPmdMapped", 0);
        line(text, "FilePmdMapped", 0);
        line(text, "Shared_Hugetlb", sharedHugetlb);
        line(text, "Private_Hugetlb", privateHugetlb);
        line(text, "Swap", 0);
        line(text, "SwapPss", 0);
        line(text, "Locked", vma.has(VmFlags.VM_LOCKED) ? proportional : 0);
        text.append(
                String.format("THPeligible:    %8d%n", thpEligible() ? 1 : 0).replace("\r", ""));
        text.append("VmFlags: ").append(VmFlags.smaps(vma.vmFlags())).append('\n');
    }

    private boolean thpEligible() {
        boolean asked = mm.kernel().thpAlways() || vma.has(VmFlags.VM_HUGEPAGE);
        long start = vma.start() + (1L << HostPte.PMD_SHIFT) - 1 & -(1L << HostPte.PMD_SHIFT);
        return vma.isAnonymous()
                && asked
                && !vma.has(VmFlags.VM_NOHUGEPAGE)
                && start + (1L << HostPte.PMD_SHIFT) <= vma.end();
    }

    private static void line(StringBuilder text, String key, long bytes) {
        text.append(String.format("%-16s%8d kB", key + ":", bytes >>> 10)).append('\n');
    }
}
