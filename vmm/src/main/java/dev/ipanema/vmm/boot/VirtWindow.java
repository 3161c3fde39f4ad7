package dev.ipanema.vmm.boot;

import dev.ipanema.vmm.device.GuestDevice;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A range of guest-physical addresses at which a machine has a device.
///
/// @param compatible the first string that a device tree has for it
record VirtWindow(String name, long base, long size, String compatible) {
    /// {@return the windows of a machine}
    static List<VirtWindow> of(VirtConfig config) {
        List<VirtWindow> windows = new ArrayList<>();
        String gic = config.irqchip() == Irqchip.GICV2 ? "arm,cortex-a15-gic" : "arm,gic-v3";
        windows.add(new VirtWindow("gicd", VirtMap.GICD, VirtMap.GICD_SIZE, gic));
        if (config.irqchip() == Irqchip.GICV2) {
            windows.add(new VirtWindow("gicc", VirtMap.GICC, VirtMap.GICC_SIZE, gic));
        } else {
            windows.add(new VirtWindow("gicr", VirtMap.GICR, VirtMap.GICR_SIZE, gic));
        }
        if (config.irqchip() == Irqchip.GICV3_ITS) {
            windows.add(new VirtWindow("its", VirtMap.ITS, VirtMap.ITS_SIZE, "arm,gic-v3-its"));
        }
        windows.add(new VirtWindow("uart", VirtMap.UART, VirtMap.UART_SIZE, "arm,pl011"));
        windows.add(new VirtWindow("rtc", VirtMap.RTC, VirtMap.RTC_SIZE, "arm,pl031"));
        if (config.boot() instanceof GuestBoot.Firmware) {
            windows.add(new VirtWindow("flash0", VirtMap.FLASH, VirtMap.FLASH_BANK_SIZE, "cfi-flash"));
            windows.add(new VirtWindow(
                    "flash1", VirtMap.FLASH + VirtMap.FLASH_BANK_SIZE, VirtMap.FLASH_BANK_SIZE, "cfi-flash"));
            windows.add(new VirtWindow("fw-cfg", VirtMap.FW_CFG, VirtMap.FW_CFG_SIZE, "qemu,fw-cfg-mmio"));
        }
        String pcie = "pci-host-ecam-generic";
        windows.add(new VirtWindow("pcie", VirtMap.PCIE_ECAM, VirtMap.PCIE_ECAM_SIZE, pcie));
        int slot = 0;
        for (GuestDevice device : config.devices()) {
            if (device.transport() == GuestDevice.Transport.MMIO) {
                windows.add(new VirtWindow(
                        device.name(), VirtMap.virtioMmio(slot), VirtMap.VIRTIO_MMIO_SIZE, "virtio,mmio"));
                slot++;
            }
        }
        return windows;
    }

    /// {@return the window that holds a range, null for none}
    static @Nullable VirtWindow find(List<VirtWindow> windows, long base, long size) {
        for (VirtWindow window : windows) {
            if (base >= window.base && size >= 0 && size <= window.size && base - window.base <= window.size - size) {
                return window;
            }
        }
        return null;
    }

    /// {@return whether a driver for `other` would drive what is here}
    boolean fits(String other) {
        return compatible.equals(other) || (compatible.contains("gic") && other.contains("gic-400"));
    }
}
