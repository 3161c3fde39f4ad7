package dev.ipanema.vmm.boot;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.mm.UserFault;
import dev.ipanema.host.mm.UserMemory;
import dev.ipanema.host.platform.Host;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.vm.Kvm;
import dev.ipanema.kvm.vm.Vm;
import dev.ipanema.vmm.device.GuestDma;

/// A machine's memory as its VMM has mapped it: RAM, and flash when there is firmware. It outlives resets.
final class VirtMemory implements AutoCloseable {
    private static final long HVA_ALIGNMENT = 2 * Sizes.MIB;
    private static final int RAM_SLOT = 0;
    private static final int PVTIME_SLOT = 1 + VirtFlash.BANKS;

    private final AddressSpace mm;
    private final long ramHva;
    private final long ramSize;
    private final long flashHva;
    private final long pvTimeHva;

    VirtMemory(Host host, VirtConfig config) {
        mm = host.newAddressSpace();
        ramSize = config.ramSize();
        ramHva = map("RAM", ramSize);
        mm.madvise(ramHva, ramSize, Mman.MADV_HUGEPAGE);
        pvTimeHva = map("stolen time", VirtMap.PVTIME_SIZE);
        flashHva = config.boot() instanceof GuestBoot.Firmware
                ? map("flash", VirtFlash.BANKS * VirtMap.FLASH_BANK_SIZE)
                : 0;
    }

    private long map(String what, long size) {
        long hva = mm.mmap(
                mm.unmappedArea(size, HVA_ALIGNMENT),
                size,
                Mman.PROT_READ | Mman.PROT_WRITE,
                Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS | Mman.MAP_FIXED);
        VirtHardware.succeed("mmap of the guest's " + what, hva < 0 ? (int) hva : 0);
        return hva;
    }

    /// {@return a VM on this memory}
    Vm createVm(Kvm kvm) {
        Vm vm = kvm.createVm(mm, 0);
        addSlot(vm, RAM_SLOT, VirtMap.RAM, ramSize, ramHva);
        addSlot(vm, PVTIME_SLOT, VirtMap.PVTIME, VirtMap.PVTIME_SIZE, pvTimeHva);
        return vm;
    }

    private static void addSlot(Vm vm, int slot, long ipa, long size, long hva) {
        VirtHardware.succeed(
                "KVM_SET_USER_MEMORY_REGION",
                vm.setUserMemoryRegion(new UserspaceMemoryRegion(slot, 0, ipa, size, hva)));
    }

    /// {@return the way of devices to RAM}
    GuestDma dma() {
        return new GuestDma(mm.userMemory(), VirtMap.RAM, ramSize, ramHva);
    }

    UserMemory userMemory() {
        return mm.userMemory();
    }

    /// {@return where a flash bank is mapped}
    long flashHva(int bank) {
        return flashHva + bank * VirtMap.FLASH_BANK_SIZE;
    }

    long ramSize() {
        return ramSize;
    }

    /// {@return where a part of RAM is mapped, negative when it is not all RAM}
    long ramHva(long ipa, int length) {
        long offset = ipa - VirtMap.RAM;
        return offset >= 0 && offset <= ramSize - length ? ramHva + offset : -1;
    }

    /// Writes into RAM.
    ///
    /// @throws BadInput when that ends with a signal
    void write(long ipa, byte[] bytes, int offset, int length) {
        writeHva(ramHva + ipa - VirtMap.RAM, bytes, offset, length);
    }

    /// Writes at an address of the VMM.
    void writeHva(long hva, byte[] bytes, int offset, int length) {
        UserFault fault = mm.userMemory().write(hva, bytes, offset, length);
        if (fault != UserFault.NONE) {
            throw new BadInput("Loading the guest failed: " + fault, BadInput.FINDING);
        }
    }

    @Override
    public void close() {
        mm.close();
    }
}
