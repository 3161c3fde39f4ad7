package dev.ipanema.vmm.boot;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.MappableFile;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.mm.UserFault;
import dev.ipanema.host.mm.UserMemory;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.vfio.VfioContainer;
import dev.ipanema.kvm.uapi.KvmCap;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.vm.Kvm;
import dev.ipanema.kvm.vm.Vm;
import dev.ipanema.vmm.device.GuestDma;
import dev.ipanema.vmm.device.GuestRanges;
import dev.ipanema.vmm.passthrough.CacheablePfnmap;
import dev.ipanema.vmm.passthrough.Migration;
import java.util.List;

/// A machine's memory as its VMM has mapped it: RAM, and flash when there is firmware. It outlives resets.
final class VirtMemory implements AutoCloseable {
    private static final long HVA_ALIGNMENT = 2 * Sizes.MIB;
    private static final int DEFAULT_IPA_BITS = 40;
    private static final int RAM_SLOT = 0;
    private static final int PVTIME_SLOT = 1 + VirtFlash.BANKS;

    /// The first slot number that this memory leaves to others.
    static final int FIRST_FREE_SLOT = PVTIME_SLOT + 1;

    private final AddressSpace mm;
    private final VirtConfig.Backend backend;
    private final long ramHva;
    private final long ramSize;
    private final long flashHva;
    private final long pvTimeHva;
    private GuestRanges ranges;

    VirtMemory(Host host, VirtConfig config) {
        mm = host.newAddressSpace();
        backend = config.backend();
        ramSize = config.ramSize();
        ramHva = switch (config.backend()) {
            case ANONYMOUS -> map("RAM", ramSize);
            case EGM -> mapEgm(host.egm(0), ramSize);
        };
        mm.madvise(ramHva, ramSize, Mman.MADV_HUGEPAGE);
        ranges = GuestRanges.of(VirtMap.RAM, ramSize, ramHva);
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

    private long mapEgm(MappableFile egm, long size) {
        long hva = mm.mmap(
                mm.unmappedArea(size, HVA_ALIGNMENT),
                size,
                Mman.PROT_READ | Mman.PROT_WRITE,
                Mman.MAP_SHARED | Mman.MAP_FIXED,
                egm,
                0);
        VirtHardware.succeed("mmap of " + egm.name() + " for the guest's RAM", hva < 0 ? (int) hva : 0);
        return hva;
    }

    AddressSpace mm() {
        return mm;
    }

    /// Lets devices of the host reach the RAM at the guest's addresses.
    void mapForDevices(VfioContainer container) {
        container.unmapDma(VirtMap.RAM, ramSize);
        VirtHardware.succeed(
                "VFIO_IOMMU_MAP_DMA of the guest's RAM", container.mapDma(mm, ramHva, VirtMap.RAM, ramSize));
    }

    /// Finds what of the RAM keeps the guest from moving to another host while it runs.
    void migrate(Migration migration) {
        migration.slot(RAM_SLOT, "RAM", VirtMap.RAM, ramSize, ramHva);
        if (backend == VirtConfig.Backend.EGM) {
            migration.relies("RAM");
        }
    }

    /// {@return a VM on this memory}
    ///
    /// @param ipaBits how many bits its addresses have; the default of KVM for up to 40
    Vm createVm(Kvm kvm, int ipaBits) {
        int limit = kvm.checkExtension(KvmCap.KVM_CAP_ARM_VM_IPA_SIZE);
        if (ipaBits > Math.max(limit, DEFAULT_IPA_BITS)) {
            throw new BadInput(
                    "The guest needs addresses of " + ipaBits + " bits for its devices; KVM offers " + limit
                            + " on this host (KVM_CAP_ARM_VM_IPA_SIZE)",
                    BadInput.FINDING);
        }
        Vm vm = kvm.createVm(mm, ipaBits <= DEFAULT_IPA_BITS ? 0 : ipaBits);
        CacheablePfnmap capability = CacheablePfnmap.of(vm);
        if (backend == VirtConfig.Backend.EGM && !capability.isSupported()) {
            throw new BadInput("--egm: KVM cannot map such memory: " + capability.sentence(), BadInput.FINDING);
        }
        addSlot(vm, RAM_SLOT, VirtMap.RAM, ramSize, ramHva);
        addSlot(vm, PVTIME_SLOT, VirtMap.PVTIME, VirtMap.PVTIME_SIZE, pvTimeHva);
        return vm;
    }

    private static void addSlot(Vm vm, int slot, long ipa, long size, long hva) {
        int result = vm.setUserMemoryRegion(new UserspaceMemoryRegion(slot, 0, ipa, size, hva));
        if (result != 0) {
            throw new BadInput(
                    "KVM_SET_USER_MEMORY_REGION of " + Sizes.hex(ipa) + " " + Sizes.format(size) + " returned "
                            + Errno.render(result) + CacheablePfnmap.outcome(vm.lastTrail()),
                    BadInput.FINDING);
        }
    }

    /// Adds memory beside the RAM, mapped by others.
    void add(List<GuestRanges.Range> others) {
        ranges = ranges.and(others);
    }

    /// {@return the way of devices to the guest's memory}
    GuestDma dma() {
        return new GuestDma(mm.userMemory(), ranges);
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

    /// {@return where a part of the guest's memory is mapped, negative when it is not all memory}
    long hva(long ipa, int length) {
        return ranges.hva(ipa, length);
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
