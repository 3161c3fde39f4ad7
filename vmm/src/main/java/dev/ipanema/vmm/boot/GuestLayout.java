package dev.ipanema.vmm.boot;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.images.format.GuestImage;
import dev.ipanema.images.format.Segment;

/// Where initrd and device tree go beside the image: behind it where there is room, else in front of it (Linux
/// `Documentation/arch/arm64/booting.rst`: the device tree on 8 bytes and at most 2 MiB, the initrd in the same 32 GiB
/// as the kernel).
///
/// @param initrd guest-physical address of the initrd, 0 when there is none
/// @param deviceTree guest-physical address of the device tree
record GuestLayout(long initrd, long deviceTree) {
    private static final long ALIGNMENT = 64 * Sizes.KIB;

    /// {@return the places in a machine's RAM}
    ///
    /// @throws BadInput when something does not fit
    static GuestLayout of(VirtConfig config, int deviceTreeSize) {
        byte[] initrd = config.initrd();
        return switch (config.boot()) {
            case GuestBoot.Kernel(GuestImage image) ->
                of(image, config.ramSize(), initrd == null ? 0 : initrd.length, deviceTreeSize);
            case GuestBoot.Firmware firmware -> {
                if (deviceTreeSize > config.ramSize()) {
                    throw new BadInput("-m: no room for the device tree in " + Sizes.format(config.ramSize()));
                }
                yield new GuestLayout(0, VirtMap.RAM);
            }
        };
    }

    /// {@return the places beside an image}
    ///
    /// @param initrdSize 0: no initrd
    /// @throws BadInput when something does not fit
    static GuestLayout of(GuestImage image, long ramSize, long initrdSize, int deviceTreeSize) {
        long ramEnd = VirtMap.RAM + ramSize;
        long first = image.segments().getFirst().address();
        long next = 0;
        for (Segment segment : image.segments()) {
            next = Math.max(next, segment.end());
        }
        long initrd = 0;
        if (initrdSize > ramSize) {
            throw new BadInput("-i: an initrd of " + initrdSize + " bytes is larger than the guest's memory of "
                    + Sizes.format(ramSize) + " (-m)");
        }
        if (initrdSize > 0) {
            initrd = alignUp(next);
            if (initrdSize > ramEnd - initrd) {
                throw new BadInput("-i: an initrd of " + initrdSize + " bytes does not fit behind the image, which ends"
                        + " at " + Sizes.hex(next) + ", in " + Sizes.format(ramSize) + " of memory (-m)");
            }
            next = initrd + initrdSize;
        }
        long behind = alignUp(next);
        if (behind + deviceTreeSize <= ramEnd) {
            return new GuestLayout(initrd, behind);
        }
        if (VirtMap.RAM + deviceTreeSize <= first) {
            return new GuestLayout(initrd, VirtMap.RAM);
        }
        throw new BadInput("-m: no room for the device tree beside the image in " + Sizes.format(ramSize));
    }

    private static long alignUp(long address) {
        return (address + ALIGNMENT - 1) & -ALIGNMENT;
    }
}
