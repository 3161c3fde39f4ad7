package dev.ipanema.host.vfio;

/// Names and numbers of `linux/vfio.h`.
///
/// Source: Linux `include/uapi/linux/vfio.h`, `include/linux/vfio_pci_core.h`.
public final class VfioUapi {
    public static final int VFIO_PCI_BAR0_REGION_INDEX = 0;
    public static final int VFIO_PCI_BAR1_REGION_INDEX = 1;
    public static final int VFIO_PCI_BAR2_REGION_INDEX = 2;
    public static final int VFIO_PCI_BAR3_REGION_INDEX = 3;
    public static final int VFIO_PCI_BAR4_REGION_INDEX = 4;
    public static final int VFIO_PCI_BAR5_REGION_INDEX = 5;
    public static final int VFIO_PCI_ROM_REGION_INDEX = 6;
    public static final int VFIO_PCI_CONFIG_REGION_INDEX = 7;
    public static final int VFIO_PCI_VGA_REGION_INDEX = 8;
    public static final int VFIO_PCI_NUM_REGIONS = 9;

    /// Log2 of the distance of two regions in the device's file.
    public static final int VFIO_PCI_OFFSET_SHIFT = 40;

    public static final int VFIO_PCI_INTX_IRQ_INDEX = 0;
    public static final int VFIO_PCI_MSI_IRQ_INDEX = 1;
    public static final int VFIO_PCI_MSIX_IRQ_INDEX = 2;
    public static final int VFIO_PCI_ERR_IRQ_INDEX = 3;
    public static final int VFIO_PCI_REQ_IRQ_INDEX = 4;
    public static final int VFIO_PCI_NUM_IRQS = 5;

    public static final int VFIO_DEVICE_FLAGS_RESET = 1;
    public static final int VFIO_DEVICE_FLAGS_PCI = 1 << 1;

    public static final int VFIO_REGION_INFO_FLAG_READ = 1;
    public static final int VFIO_REGION_INFO_FLAG_WRITE = 1 << 1;
    public static final int VFIO_REGION_INFO_FLAG_MMAP = 1 << 2;
    public static final int VFIO_REGION_INFO_FLAG_CAPS = 1 << 3;

    public static final int VFIO_IRQ_INFO_EVENTFD = 1;
    public static final int VFIO_IRQ_INFO_MASKABLE = 1 << 1;
    public static final int VFIO_IRQ_INFO_AUTOMASKED = 1 << 2;
    public static final int VFIO_IRQ_INFO_NORESIZE = 1 << 3;

    private static final int VFIO_TYPE = ';';
    private static final int VFIO_BASE = 100;
    private static final int TYPE_SHIFT = 8;

    public static final int VFIO_DEVICE_GET_INFO = io(7);
    public static final int VFIO_DEVICE_GET_REGION_INFO = io(8);
    public static final int VFIO_DEVICE_GET_IRQ_INFO = io(9);
    public static final int VFIO_DEVICE_SET_IRQS = io(10);
    public static final int VFIO_DEVICE_RESET = io(11);
    public static final int VFIO_DEVICE_IOEVENTFD = io(16);

    private VfioUapi() {}

    private static int io(int number) {
        return VFIO_TYPE << TYPE_SHIFT | VFIO_BASE + number;
    }

    /// {@return where a region starts in the device's file (`VFIO_PCI_INDEX_TO_OFFSET`)}
    public static long offsetOf(int index) {
        return (long) index << VFIO_PCI_OFFSET_SHIFT;
    }

    /// {@return the region of an offset in the device's file (`VFIO_PCI_OFFSET_TO_INDEX`)}
    public static long indexOf(long offset) {
        return offset >>> VFIO_PCI_OFFSET_SHIFT;
    }

    /// {@return the part of an offset that lies in its region (`VFIO_PCI_OFFSET_MASK`)}
    public static long inRegion(long offset) {
        return offset & (1L << VFIO_PCI_OFFSET_SHIFT) - 1;
    }
}
