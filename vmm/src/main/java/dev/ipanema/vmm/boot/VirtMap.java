package dev.ipanema.vmm.boot;

import dev.ipanema.vmm.passthrough.AddressPlan;

/// Where things lie in a guest, and which interrupts they have: the memory map of QEMU's `virt` machine (QEMU
/// `hw/arm/virt.c`, `base_memmap`, `extended_memmap` and `a15irqmap`), so that images and device trees made for it fit.
/// Guest-physical addresses and bytes; `…_SPI` are shared peripheral interrupts counted from 0, interrupt ID 32.
public final class VirtMap {
    public static final long FLASH = 0;
    public static final long FLASH_BANK_SIZE = 0x0400_0000L;
    public static final long GICD = 0x0800_0000L;
    public static final long GICD_SIZE = 0x1_0000L;
    public static final long GICC = 0x0801_0000L;
    public static final long GICC_SIZE = 0x1_0000L;
    public static final long ITS = 0x0808_0000L;
    public static final long ITS_SIZE = 0x2_0000L;
    public static final long GICR = 0x080a_0000L;
    public static final long GICR_SIZE = 0x00f6_0000L;
    public static final long UART = 0x0900_0000L;
    public static final long UART_SIZE = 0x1000;
    public static final int UART_SPI = 1;
    public static final long RTC = 0x0901_0000L;
    public static final long RTC_SIZE = 0x1000;
    public static final int RTC_SPI = 2;
    public static final long FW_CFG = 0x0902_0000L;
    public static final long FW_CFG_SIZE = 0x18;
    public static final long PVTIME = 0x090a_0000L;
    public static final long PVTIME_SIZE = 0x1_0000L;
    public static final long VIRTIO_MMIO = 0x0a00_0000L;
    public static final long VIRTIO_MMIO_SIZE = 0x200;
    public static final int VIRTIO_MMIO_COUNT = 32;
    public static final int VIRTIO_MMIO_SPI = 16;
    public static final long PCIE_MMIO = 0x1000_0000L;
    public static final long PCIE_MMIO_SIZE = 0x2eff_0000L;
    public static final long PCIE_PIO = 0x3eff_0000L;
    public static final long PCIE_PIO_SIZE = 0x1_0000L;
    public static final int PCIE_SPI = 3;
    public static final long RAM = 0x4000_0000L;
    public static final long PCIE_ECAM = 0x40_1000_0000L;
    public static final long PCIE_ECAM_SIZE = 0x1000_0000L;
    public static final long PCIE_HIGH_MMIO = 0x80_0000_0000L;
    public static final long PCIE_HIGH_MMIO_SIZE = 0x80_0000_0000L;

    /// Bytes of RAM that fit below the ECAM window.
    public static final long MAX_RAM = PCIE_ECAM - RAM;

    /// The overflow interrupt of the performance monitors, an interrupt ID private to a processor (Base
    /// System
    /// Architecture, DEN0094, table of PPIs).
    public static final int PMU_PPI = 23;

    private VirtMap() {}

    /// {@return the plan of a machine without devices of the host}
    public static AddressPlan plan() {
        return AddressPlan.of(PCIE_HIGH_MMIO, PCIE_HIGH_MMIO + PCIE_HIGH_MMIO_SIZE);
    }

    /// {@return the address of a virtio window}
    ///
    /// @param slot 0 to [#VIRTIO_MMIO_COUNT] − 1
    public static long virtioMmio(int slot) {
        return VIRTIO_MMIO + slot * VIRTIO_MMIO_SIZE;
    }
}
