package dev.ipanema.vmm.boot;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.images.format.GuestImage;

/// What a machine starts with.
public sealed interface GuestBoot {
    /// An image that is put into RAM and entered, as a boot loader does.
    record Kernel(GuestImage image) implements GuestBoot {}

    /// Firmware in flash, entered at address 0, with the device tree at the start of RAM; it finds kernel, initrd and
    /// command line by fw_cfg.
    ///
    /// @param code contents of the first flash bank, not empty, at most its size
    /// @param kernel a kernel for the firmware to start, empty for none
    @SuppressWarnings("ArrayRecordComponent") // Files, shared and never written.
    record Firmware(byte[] code, byte[] kernel) implements GuestBoot {
        public Firmware {
            if (code.length == 0 || code.length > VirtMap.FLASH_BANK_SIZE) {
                throw new BadInput("--bios: firmware of " + code.length + " bytes does not fit a flash bank of "
                        + Sizes.format(VirtMap.FLASH_BANK_SIZE));
            }
        }
    }
}
