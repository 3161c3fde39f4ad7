package dev.ipanema.vmm.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.images.format.GuestImage;
import org.junit.jupiter.api.Test;

class GuestLayoutTest {
    private static final long RAM_SIZE = 16 * Sizes.MIB;
    private static final int TREE = 4096;

    private static GuestImage image(int bytes) {
        return GuestImage.read("guest.bin", new byte[bytes], true, VirtMap.RAM, RAM_SIZE);
    }

    @Test
    void initrdAndDeviceTreeLieBehindTheImageInPagesOf64K() {
        GuestLayout layout = GuestLayout.of(image(100), RAM_SIZE, 0x1_0001, TREE);

        assertThat(layout.initrd()).isEqualTo(0x4009_0000L);
        assertThat(layout.deviceTree()).isEqualTo(0x400b_0000L);
    }

    @Test
    void theDeviceTreeGoesInFrontWhenThereIsNoRoomBehind() {
        GuestLayout layout = GuestLayout.of(image((int) (RAM_SIZE - GuestImage.FLAT_OFFSET)), RAM_SIZE, 0, TREE);

        assertThat(layout.deviceTree()).isEqualTo(VirtMap.RAM);
    }

    @Test
    void anInitrdLargerThanMemoryIsRefusedWithBothSizes() {
        GuestImage image = image(100);

        assertThatThrownBy(() -> GuestLayout.of(image, RAM_SIZE, RAM_SIZE + 1, TREE))
                .isInstanceOf(BadInput.class)
                .hasMessage("-i: an initrd of 16777217 bytes is larger than the guest's memory of 16M (-m)");
    }

    @Test
    void anInitrdThatDoesNotFitBehindTheImageIsRefused() {
        GuestImage image = image(1 << 20);

        assertThatThrownBy(() -> GuestLayout.of(image, RAM_SIZE, RAM_SIZE - Sizes.MIB, TREE))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("does not fit behind the image");
    }
}
