package dev.ipanema.vmm.boot;

import dev.ipanema.devices.flash.CfiFlash;
import dev.ipanema.kvm.uapi.KvmMem;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.vm.Vm;
import dev.ipanema.vmm.device.GuestDma;
import dev.ipanema.vmm.device.GuestRanges;
import dev.ipanema.vmm.device.MmioBus;

/// The flash banks: the first has the firmware and is read-only, the second takes its variables. While a bank reads as
/// memory it is a read-only memslot, so that the guest executes it and each write exits; while it answers commands it
/// has no slot.
final class VirtFlash {
    /// How many banks there are.
    static final int BANKS = 2;

    private static final int FIRST_SLOT = 1;

    private VirtFlash() {}

    /// Adds both banks. Their slots are changed under the VMM's lock.
    static void add(Vm vm, VirtMemory memory, MmioBus bus) {
        for (int bank = 0; bank < BANKS; bank++) {
            int slot = FIRST_SLOT + bank;
            long ipa = VirtMap.FLASH + bank * VirtMap.FLASH_BANK_SIZE;
            long hva = memory.flashHva(bank);
            GuestDma contents = new GuestDma(memory.userMemory(), GuestRanges.of(0, VirtMap.FLASH_BANK_SIZE, hva));
            map(vm, slot, ipa, hva, true);
            CfiFlash flash = new CfiFlash(contents, bank != 0, readable -> map(vm, slot, ipa, hva, readable));
            bus.add("flash" + bank, ipa, VirtMap.FLASH_BANK_SIZE, flash);
        }
    }

    private static void map(Vm vm, int slot, long ipa, long hva, boolean readable) {
        VirtHardware.succeed(
                "KVM_SET_USER_MEMORY_REGION",
                vm.setUserMemoryRegion(
                        readable
                                ? new UserspaceMemoryRegion(
                                        slot, KvmMem.KVM_MEM_READONLY, ipa, VirtMap.FLASH_BANK_SIZE, hva)
                                : UserspaceMemoryRegion.delete(slot)));
    }
}
