package dev.ipanema.vmm.scenario;

import dev.ipanema.arm.pgtable.Stage2Prot;
import dev.ipanema.kvm.trace.KvmTrace;
import java.util.ArrayList;
import java.util.List;

/// Listens to what KVM asks of its page-table code for one page, in the words of the recordings.
///
/// Maintenance belongs to the call under way; what comes before the first map or relax is dropped.
final class Stage2Calls implements KvmTrace {
    private static final long PAGE = 4096;
    private static final long GIB = 1L << 30;

    private final List<String> calls = new ArrayList<>();
    private long page = -1;
    private boolean concerned;
    private boolean begun;

    /// Forgets everything and listens for the page at an IPA from now on.
    void listenFor(long ipa) {
        calls.clear();
        page = ipa & -PAGE;
        concerned = false;
        begun = false;
    }

    /// Listens to nothing until further notice.
    void stop() {
        page = -1;
        concerned = false;
    }

    /// {@return the calls so far}
    List<String> calls() {
        return List.copyOf(calls);
    }

    @Override
    public void stage2Map(long ipa, long size, long pa, int prot) {
        if (enter(ipa, size)) {
            begun = true;
            calls.add("map:" + permissions(prot) + type(prot) + ":" + size);
        }
    }

    @Override
    public void stage2RelaxPerms(long ipa, int prot) {
        // The size of the leaf is not told; in one run KVM relaxes no second page of the same GiB.
        if (enter(ipa & -GIB, GIB)) {
            begun = true;
            calls.add("relax:" + permissions(prot) + type(prot));
        }
    }

    @Override
    public void stage2Unmap(long ipa, long size) {
        enter(ipa, size);
    }

    @Override
    public void stage2Flush(long ipa, long size) {
        enter(ipa, size);
    }

    @Override
    public void dcacheCleanInvalPoc(long pa, long size, boolean performed) {
        if (concerned && begun) {
            calls.add("dcache");
            if (performed) {
                calls.add("poc");
            }
        }
    }

    @Override
    public void icacheInvalPou(long pa, long size, boolean performed) {
        if (concerned && begun) {
            calls.add("icache");
        }
    }

    private boolean enter(long ipa, long size) {
        concerned = page >= 0 && page >= ipa && page - ipa < size;
        return concerned;
    }

    private static String permissions(int prot) {
        return ((prot & Stage2Prot.R) != 0 ? "R" : "")
                + ((prot & Stage2Prot.W) != 0 ? "W" : "")
                + ((prot & Stage2Prot.X) != 0 ? "X" : "");
    }

    private static String type(int prot) {
        if ((prot & Stage2Prot.DEVICE) != 0) {
            return "+DEVICE";
        }
        return (prot & Stage2Prot.NORMAL_NC) != 0 ? "+NC" : "";
    }
}
