package dev.ipanema.vmm.boot;

/// Where things lie in a guest: the memory map of QEMU's `virt` machine (QEMU `hw/arm/virt.c`, `base_memmap`), so
/// that images and device trees made for it fit. Guest-physical addresses and bytes.
public final class VirtMap {
    public static final long UART = 0x0900_0000L;
    public static final long UART_SIZE = 0x1000;
    public static final long RAM = 0x4000_0000L;

    private VirtMap() {}
}
