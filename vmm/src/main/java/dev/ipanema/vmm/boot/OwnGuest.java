package dev.ipanema.vmm.boot;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.guests.program.GpuDriver;
import dev.ipanema.guests.program.UnitTestImage;
import dev.ipanema.images.format.GuestImage;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The guests of Ipanema's own that [VirtMachine] boots as it boots an image.
public enum OwnGuest {
    /// A driver that finds a coherent GPU and tries each property of memory on it.
    GPU_DRIVER("gpu-driver", GpuDriver.Mode.SUITE),
    /// The driver with its first access only: a word at an address that is not aligned.
    GPU_UNALIGNED("gpu-unaligned", GpuDriver.Mode.UNALIGNED),
    /// The driver touching every 2 MiB of the memory.
    GPU_TOUCH("gpu-touch", GpuDriver.Mode.TOUCH),
    /// The driver running one loop on RAM and on GPU memory.
    GPU_SPEED("gpu-speed", GpuDriver.Mode.SPEED),
    /// A program that writes code and runs it, with the cache maintenance that its processor's registers ask for.
    CACHE_SELF_TEST("cache-self-test", UnitTestImage.CACHES),
    /// The same without any maintenance.
    CACHES_NEGLECTED("caches-neglected", UnitTestImage.CACHES_NEGLECTED);

    private final String word;
    private final GpuDriver.@Nullable Mode mode;
    private final @Nullable UnitTestImage image;

    OwnGuest(String word, GpuDriver.Mode mode) {
        this.word = word;
        this.mode = mode;
        this.image = null;
    }

    OwnGuest(String word, UnitTestImage image) {
        this.word = word;
        this.mode = null;
        this.image = image;
    }

    /// {@return whether it wants the host's GPUs}
    public boolean drivesGpus() {
        return mode != null;
    }

    /// {@return how users spell it}
    public String word() {
        return word;
    }

    /// {@return the guest of a name}
    ///
    /// @throws BadInput for another name, with the list of those known
    public static OwnGuest parse(String text) {
        return Arrays.stream(values())
                .filter(each -> each.word.equals(text))
                .findFirst()
                .orElseThrow(() -> new BadInput("--guest: '" + text + "' is unknown; there are "
                        + Arrays.stream(values()).map(OwnGuest::word).collect(Collectors.joining(", "))));
    }

    /// {@return its image, loaded for a machine}
    ///
    /// @param ram bytes of the machine's memory
    public GuestImage image(long ram) {
        if (image != null) {
            return GuestImage.read(image.file(), image.flat(), true, VirtMap.RAM, ram);
        }
        GpuDriver.Mode driver = Objects.requireNonNull(mode);
        return GuestImage.read(GpuDriver.file(driver), GpuDriver.image(driver), false, VirtMap.RAM, ram);
    }
}
