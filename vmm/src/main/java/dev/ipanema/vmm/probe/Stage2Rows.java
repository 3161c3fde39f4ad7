package dev.ipanema.vmm.probe;

import dev.ipanema.kvm.stage2.Stage2Leaf;
import dev.ipanema.kvm.stage2.Stage2PageTable;
import dev.ipanema.vmm.scenario.LeafState;
import java.util.ArrayList;
import java.util.List;

/// A VM's stage 2 as rows of leaves that are adjacent and alike.
public final class Stage2Rows {
    private Stage2Rows() {}

    /// {@return the mapped part of `[ipa, ipa + size)`, ascending}
    ///
    /// @param fwb HCR_EL2.FWB of the VM
    /// @param region what to call it
    public static List<Stage2Row> of(Stage2PageTable table, boolean fwb, String region, long ipa, long size) {
        List<Stage2Row> rows = new ArrayList<>();
        long end = ipa + size;
        long at = ipa;
        while (at < end) {
            Stage2Leaf leaf = table.leaf(at);
            long next = (at & -leaf.size()) + leaf.size();
            if (leaf.isMapped()) {
                add(rows, new Stage2Row(region, at, Math.min(next, end) - at, LeafState.of(leaf, fwb)));
            }
            at = next;
        }
        return rows;
    }

    private static void add(List<Stage2Row> rows, Stage2Row row) {
        Stage2Row last = rows.isEmpty() ? null : rows.getLast();
        if (last != null && last.ipa() + last.size() == row.ipa() && last.leaf().equals(row.leaf())) {
            rows.set(rows.size() - 1, new Stage2Row(row.region(), last.ipa(), last.size() + row.size(), row.leaf()));
        } else {
            rows.add(row);
        }
    }
}
