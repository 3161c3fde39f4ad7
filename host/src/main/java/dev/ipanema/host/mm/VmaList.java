package dev.ipanema.host.mm;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The VMAs of an address space in ascending order. Replaced as a whole at each change, so that a reader
/// without `mmap_lock` sees a list that was true at some time.
final class VmaList {
    private static final Vma[] NONE = {};

    private volatile Vma[] vmas = NONE;

    Vma[] snapshot() {
        return vmas;
    }

    /// {@return the index of the first VMA that ends behind `hva`; the count when there is none}
    private static int indexOf(Vma[] list, long hva) {
        int low = 0;
        int high = list.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (list[middle].end() > hva) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    /// `find_vma`.
    @Nullable
    Vma find(long hva) {
        Vma[] list = vmas;
        int index = indexOf(list, hva);
        return index < list.length ? list[index] : null;
    }

    /// `vma_lookup`.
    @Nullable
    Vma lookup(long hva) {
        Vma vma = find(hva);
        return vma != null && vma.contains(hva) ? vma : null;
    }

    /// `find_vma_intersection`.
    @Nullable
    Vma intersection(long start, long end) {
        Vma vma = find(start);
        return vma != null && vma.start() < end ? vma : null;
    }

    void insert(Vma vma) {
        MappableFile file = vma.file();
        if (file != null) {
            file.get();
        }
        Vma[] list = vmas;
        int index = indexOf(list, vma.start());
        Vma[] grown = new Vma[list.length + 1];
        System.arraycopy(list, 0, grown, 0, index);
        grown[index] = vma;
        System.arraycopy(list, index, grown, index + 1, list.length - index);
        vmas = grown;
    }

    void remove(Vma vma) {
        vmas = Arrays.stream(vmas).filter(other -> other != vma).toArray(Vma[]::new);
        MappableFile file = vma.file();
        if (file != null) {
            file.put();
        }
    }

    /// Cuts the VMA that `hva` lies inside of, if any, in two.
    void splitAt(long hva) {
        Vma vma = lookup(hva);
        if (vma != null && vma.start() < hva) {
            Vma tail = vma.slice(hva, vma.end());
            vma.setBounds(vma.start(), hva);
            insert(tail);
        }
    }

    /// Joins the VMAs that touch `[start, end]` with their neighbours where nothing tells them apart.
    void merge(long start, long end) {
        Vma[] list = vmas;
        int index = Math.max(0, indexOf(list, start) - 1);
        Vma current = index < list.length ? list[index] : null;
        while (current != null) {
            Vma next = find(current.end());
            if (next == null || current.end() > end) {
                return;
            }
            if (current.canMerge(next)) {
                current.setBounds(current.start(), next.end());
                remove(next);
            } else {
                current = next;
            }
        }
    }
}
