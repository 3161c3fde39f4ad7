package dev.ipanema.host.vfio;

import dev.ipanema.devices.pci.PciFunction;

/// Offsets and bits of a PCI configuration space that drivers look at, and the search for capabilities.
///
/// Source: PCI Express Base Specification 5.0, section 7.5; Linux `include/uapi/linux/pci_regs.h`.
final class PciConfig {
    static final int SIZE = 4096;
    static final int LEGACY_SIZE = 256;
    static final int HEADER = 64;

    static final int VENDOR = 0x00;
    static final int DEVICE = 0x02;
    static final int COMMAND = 0x04;
    static final int COMMAND_IO = 1;
    static final int COMMAND_MEMORY = 1 << 1;
    static final int COMMAND_MASTER = 1 << 2;
    static final int COMMAND_INTX_DISABLE = 1 << 10;
    static final int STATUS = 0x06;
    static final int STATUS_CAP_LIST = 1 << 4;
    static final int CACHE_LINE_SIZE = 0x0c;
    static final int LATENCY_TIMER = 0x0d;
    static final int BIST = 0x0f;
    static final int BASE_ADDRESS_0 = 0x10;
    static final int BASE_ADDRESS_2 = 0x18;
    static final int BASE_ADDRESS_4 = 0x20;
    static final int BASE_ADDRESS_END = 0x28;
    static final int BAR_64 = 4;
    static final int BAR_PREFETCHABLE = 8;
    static final int BAR_FLAGS = 0xf;
    static final int ROM_ADDRESS = 0x30;
    static final int CAPABILITY_LIST = 0x34;
    static final int INTERRUPT_LINE = 0x3c;
    static final int INTERRUPT_PIN = 0x3d;

    static final int CAP_PM = 0x01;
    static final int CAP_VENDOR = 0x09;
    static final int CAP_EXPRESS = 0x10;
    static final int CAP_MSIX = 0x11;

    static final int EXT_CAP_DVSEC = 0x23;

    private static final int LARGEST_CHAIN = (SIZE - LEGACY_SIZE) / 8;
    private static final int DVSEC_HEADER_1 = 4;
    private static final int DVSEC_HEADER_2 = 8;

    private PciConfig() {}

    /// {@return the offset of a capability, 0 when there is none}
    static int capability(PciFunction function, int id) {
        int at = firstCapability(function);
        for (int i = 0; i < LARGEST_CHAIN && at != 0; i++) {
            if (function.readConfig(at, 1) == id) {
                return at;
            }
            at = nextCapability(function, at);
        }
        return 0;
    }

    static int firstCapability(PciFunction function) {
        boolean list = (function.readConfig(STATUS, Short.BYTES) & STATUS_CAP_LIST) != 0;
        return list ? legal((int) function.readConfig(CAPABILITY_LIST, 1)) : 0;
    }

    static int nextCapability(PciFunction function, int at) {
        return legal((int) function.readConfig(at + 1, 1));
    }

    private static int legal(int pointer) {
        int at = pointer & ~3;
        return at < HEADER ? 0 : at;
    }

    /// {@return the offset of the extended capability behind another, 0 at the end}
    static int nextExtended(long header) {
        int at = (int) (header >>> 20) & ~3;
        return at < LEGACY_SIZE ? 0 : at;
    }

    /// {@return the offset of a vendor's extended capability (DVSEC), 0 when there is none}
    static int dvsec(PciFunction function, int vendor, int id) {
        int at = LEGACY_SIZE;
        for (int i = 0; i < LARGEST_CHAIN && at != 0; i++) {
            long header = function.readConfig(at, Integer.BYTES);
            if ((header & 0xffff) == EXT_CAP_DVSEC
                    && at <= SIZE - DVSEC_HEADER_2 - Short.BYTES
                    && function.readConfig(at + DVSEC_HEADER_1, Short.BYTES) == vendor
                    && function.readConfig(at + DVSEC_HEADER_2, Short.BYTES) == id) {
                return at;
            }
            at = nextExtended(header);
        }
        return 0;
    }
}
