package dev.ipanema.devices.pci;

/// Offsets and bits of a PCI configuration space, and the search for capabilities: what a function is made of, and what
/// drivers look at.
///
/// Source: PCI Express Base Specification 5.0, section 7.5; Linux `include/uapi/linux/pci_regs.h`.
public final class PciConfig {
    /// Bytes of a configuration space.
    public static final int SIZE = 4096;

    /// Bytes that are reached without ECAM; extended capabilities begin behind them.
    public static final int LEGACY_SIZE = 256;

    /// Bytes of the header; capabilities begin behind them.
    public static final int HEADER = 64;

    /// Offset of the vendor's number.
    public static final int VENDOR = 0x00;

    /// Offset of the device's number.
    public static final int DEVICE = 0x02;

    /// Offset of the command register.
    public static final int COMMAND = 0x04;

    /// Command: I/O BARs answer.
    public static final int COMMAND_IO = 1;

    /// Command: memory BARs answer.
    public static final int COMMAND_MEMORY = 1 << 1;

    /// Command: the function may write memory and send messages.
    public static final int COMMAND_MASTER = 1 << 2;

    /// Command: parity errors are answered.
    public static final int COMMAND_PARITY = 1 << 6;

    /// Command: system errors are reported.
    public static final int COMMAND_SERR = 1 << 8;

    /// Command: the INTx pin is not driven.
    public static final int COMMAND_INTX_DISABLE = 1 << 10;

    /// Offset of the status register.
    public static final int STATUS = 0x06;

    /// Status: the function wants the pin asserted.
    public static final int STATUS_INTERRUPT = 1 << 3;

    /// Status: there is a list of capabilities.
    public static final int STATUS_CAP_LIST = 1 << 4;

    /// Offset of the size of a cache line.
    public static final int CACHE_LINE_SIZE = 0x0c;

    /// Offset of the latency timer.
    public static final int LATENCY_TIMER = 0x0d;

    /// Offset of the self test.
    public static final int BIST = 0x0f;

    /// Offset of the first of six BARs.
    public static final int BASE_ADDRESS_0 = 0x10;

    /// Offset behind the last BAR.
    public static final int BASE_ADDRESS_END = 0x28;

    /// BAR: it is of I/O space.
    public static final int BAR_IO = 1;

    /// BAR: the next register holds the upper half of the address.
    public static final int BAR_64 = 4;

    /// BAR: reads have no side effects.
    public static final int BAR_PREFETCHABLE = 8;

    /// BAR: the bits that are no address.
    public static final int BAR_FLAGS = 0xf;

    /// Offset of the subsystem's vendor; its number is behind.
    public static final int SUBSYSTEM_VENDOR = 0x2c;

    /// Offset of the expansion ROM's address.
    public static final int ROM_ADDRESS = 0x30;

    /// Offset of the pointer to the first capability.
    public static final int CAPABILITY_LIST = 0x34;

    /// Offset of the interrupt line, which software uses as it likes.
    public static final int INTERRUPT_LINE = 0x3c;

    /// Offset of the interrupt pin, 0 for none.
    public static final int INTERRUPT_PIN = 0x3d;

    /// Capability: power management.
    public static final int CAP_PM = 0x01;

    /// In power management: offset of control and status.
    public static final int PM_CTRL = 4;

    /// In power management's control: the state, 0 for D0 to 3 for D3hot.
    public static final int PM_CTRL_STATE_MASK = 3;

    /// Capability: a vendor's own.
    public static final int CAP_VENDOR = 0x09;

    /// Capability: PCI Express.
    public static final int CAP_EXPRESS = 0x10;

    /// Capability: MSI-X.
    public static final int CAP_MSIX = 0x11;

    /// In MSI-X: offset of the control register.
    public static final int MSIX_FLAGS = 2;

    /// In MSI-X's control: the number of vectors less one.
    public static final int MSIX_FLAGS_QSIZE = 0x7ff;

    /// In MSI-X's control: all vectors are masked.
    public static final int MSIX_FLAGS_MASKALL = 1 << 14;

    /// In MSI-X's control: messages are sent.
    public static final int MSIX_FLAGS_ENABLE = 1 << 15;

    /// In MSI-X: offset of the register that says where the table is.
    public static final int MSIX_TABLE = 4;

    /// In MSI-X: offset of the register that says where the pending bits are.
    public static final int MSIX_PBA = 8;

    /// In the two: which BAR; the rest is the offset in it.
    public static final int MSIX_BIR = 7;

    /// Extended capability: a designated vendor's own.
    public static final int EXT_CAP_DVSEC = 0x23;

    /// In a DVSEC: offset of the vendor, the revision and the length.
    public static final int DVSEC_HEADER1 = 4;

    /// In a DVSEC: offset of the number that the vendor gave it.
    public static final int DVSEC_HEADER2 = 8;

    private static final int LARGEST_CHAIN = (SIZE - LEGACY_SIZE) / 8;

    private PciConfig() {}

    /// {@return the offset of a capability, 0 when there is none}
    public static int capability(PciFunction function, int id) {
        int at = firstCapability(function);
        for (int i = 0; i < LARGEST_CHAIN && at != 0; i++) {
            if (function.readConfig(at, 1) == id) {
                return at;
            }
            at = nextCapability(function, at);
        }
        return 0;
    }

    /// {@return the offset of the first capability, 0 when there is none}
    public static int firstCapability(PciFunction function) {
        boolean list = (function.readConfig(STATUS, Short.BYTES) & STATUS_CAP_LIST) != 0;
        return list ? legal((int) function.readConfig(CAPABILITY_LIST, 1)) : 0;
    }

    /// {@return the offset of the capability behind another, 0 at the end}
    public static int nextCapability(PciFunction function, int at) {
        return legal((int) function.readConfig(at + 1, 1));
    }

    private static int legal(int pointer) {
        int at = pointer & ~3;
        return at < HEADER ? 0 : at;
    }

    /// {@return the offset of the extended capability behind another, 0 at the end}
    public static int nextExtended(long header) {
        int at = (int) (header >>> 20) & ~3;
        return at < LEGACY_SIZE ? 0 : at;
    }

    /// {@return the offset of a vendor's extended capability (DVSEC), 0 when there is none}
    public static int dvsec(PciFunction function, int vendor, int id) {
        int at = LEGACY_SIZE;
        for (int i = 0; i < LARGEST_CHAIN && at != 0; i++) {
            long header = function.readConfig(at, Integer.BYTES);
            if ((header & 0xffff) == EXT_CAP_DVSEC
                    && at <= SIZE - DVSEC_HEADER2 - Short.BYTES
                    && function.readConfig(at + DVSEC_HEADER1, Short.BYTES) == vendor
                    && function.readConfig(at + DVSEC_HEADER2, Short.BYTES) == id) {
                return at;
            }
            at = nextExtended(header);
        }
        return 0;
    }
}
