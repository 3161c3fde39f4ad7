package dev.ipanema.kvm.stage2;

import dev.ipanema.arm.memory.Stage2MemAttr;
import dev.ipanema.arm.pgtable.Stage2Descriptor;

/// The text of debugfs `stage2_page_tables`, with one column more: the memory attribute, in the words of
/// the kernel's dump of its own tables (line form: Linux 7.3 `arch/arm64/kvm/ptdump.c`,
/// `arch/arm64/mm/ptdump.c:note_page`).
///
/// ``` ---[ Guest IPA ]--- 0x0000000000000000-0x0000000040000000           1G 1
/// 0x0000000040000000-0x0000000040200000           2M 2   R W px ux  AF BLK MEM/NORMAL ```
///
/// Neighbours of the same level and attributes share a line; what is not mapped has no attributes. Unlike
/// the kernel's, the dump ends with the last range of the IPA space.
public final class Stage2Dump {
    private static final String UNITS = "KMGTPE";
    private static final int UNIT_SHIFT = 10;

    private final Stage2PageTable table;
    private final StringBuilder text;
    private long rangeStart;
    private String rangeAttributes = "";
    private int rangeLevel = -1;

    private Stage2Dump(Stage2PageTable table, StringBuilder text) {
        this.table = table;
        this.text = text;
    }

    /// {@return the dump of a table; the caller holds the write lock, as the kernel does}
    public static String of(Stage2PageTable table) {
        StringBuilder text = new StringBuilder("---[ Guest IPA ]---\n");
        Stage2Dump dump = new Stage2Dump(table, text);
        table.forEachLeaf(dump::note);
        if (dump.rangeLevel >= 0) {
            dump.line(1L << table.config().geometry().ipaBits());
        }
        return text.toString();
    }

    private void note(long ipa, long descriptor, int level) {
        String attributes = Stage2Descriptor.isValid(descriptor) ? attributes(descriptor, level) : "";
        if (level == rangeLevel && attributes.equals(rangeAttributes)) {
            return;
        }
        if (rangeLevel >= 0) {
            line(ipa);
        }
        rangeStart = ipa;
        rangeLevel = level;
        rangeAttributes = attributes;
    }

    private void line(long end) {
        long delta = (end - rangeStart) >>> UNIT_SHIFT;
        int unit = 0;
        while ((delta & ((1 << UNIT_SHIFT) - 1)) == 0 && unit < UNITS.length() - 1) {
            delta >>>= UNIT_SHIFT;
            unit++;
        }
        text.append("0x%016x-0x%016x   %9d%c %d%s%n"
                .formatted(rangeStart, end, delta, UNITS.charAt(unit), rangeLevel, rangeAttributes)
                .replace(System.lineSeparator(), "\n"));
    }

    private String attributes(long descriptor, int level) {
        return (Stage2Descriptor.isReadable(descriptor) ? "   R" : "    ")
                + (Stage2Descriptor.isWritable(descriptor) ? " W " : "   ")
                + executable(descriptor)
                + (Stage2Descriptor.af(descriptor) ? " AF" : "   ")
                + (level < 3 ? " BLK " : "     ")
                + memory(Stage2Descriptor.memAttr(descriptor));
    }

    private String executable(long descriptor) {
        boolean xnx = table.config().xnx();
        return (Stage2Descriptor.isExecutableAtEl1(descriptor, xnx) ? "px " : "PXN")
                + (Stage2Descriptor.isExecutableAtEl0(descriptor, xnx) ? "ux " : "UXN");
    }

    private String memory(int memAttr) {
        boolean fwb = table.config().fwb();
        if (memAttr == (fwb ? Stage2MemAttr.FWB_NORMAL_WB : Stage2MemAttr.NORMAL_WB)) {
            return "MEM/NORMAL";
        }
        return switch (memAttr) {
            case Stage2MemAttr.NORMAL_NC -> "MEM/NORMAL-NC";
            case Stage2MemAttr.DEVICE_nGnRE -> "DEVICE/nGnRE";
            case Stage2MemAttr.DEVICE_nGnRnE -> "DEVICE/nGnRnE";
            default -> Stage2MemAttr.describe(memAttr, fwb, false);
        };
    }
}
