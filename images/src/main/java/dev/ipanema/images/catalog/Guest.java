package dev.ipanema.images.catalog;

import dev.ipanema.base.text.BadInput;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// A guest that can be fetched by its name.
///
/// @param name `linux-6.12`
/// @param description one line
/// @param parts names of its files by what is put behind its name to ask for them; the main one by the empty text
/// @param recipe how it is made
public record Guest(String name, String description, Map<String, String> parts, Recipe recipe) {
    private static final String UBOOT = "usr/lib/u-boot/qemu_arm64/";

    private static final List<Guest> ALL = List.of(
            kernel("6.1"),
            kernel("6.12"),
            kernel("6.18"),
            kernel("7.3"),
            new Guest(
                    "busybox",
                    "initial RAM disk with a shell, for each of the kernels (busybox-static)",
                    Map.of("", BusyboxRecipe.INITRD),
                    new BusyboxRecipe()),
            files(
                    "u-boot",
                    "U-Boot (u-boot-qemu, qemu_arm64)",
                    "u-boot-qemu",
                    "u-boot-qemu",
                    Map.of("", "u-boot.bin", "-elf", "uboot.elf"),
                    Map.of("u-boot.bin", UBOOT + "u-boot\\.bin", "uboot.elf", UBOOT + "uboot\\.elf")),
            files(
                    "edk2",
                    "EDK2, a UEFI firmware (qemu-efi-aarch64)",
                    "qemu-efi-aarch64",
                    "qemu-efi-aarch64",
                    Map.of("", "QEMU_EFI.fd", "-vars", "AAVMF_VARS.fd"),
                    Map.of(
                            "QEMU_EFI.fd", "usr/share/qemu-efi-aarch64/QEMU_EFI\\.fd",
                            "AAVMF_VARS.fd", "usr/share/AAVMF/AAVMF_VARS\\.fd")),
            files(
                    "xen",
                    "the Xen hypervisor (xen-hypervisor-*-arm64)",
                    "xen-hypervisor-",
                    "xen-hypervisor-[0-9.]+-arm64",
                    Map.of("", "xen"),
                    Map.of("xen", "boot/xen-[0-9.]+-arm64[^/]*")));

    public Guest {
        parts = Map.copyOf(parts);
    }

    /// A file of a guest.
    ///
    /// @param guest whose file it is
    /// @param file its name in the guest's directory
    public record Part(Guest guest, String file) {}

    private static Guest kernel(String series) {
        return new Guest(
                "linux-" + series,
                "the newest cloud kernel of series " + series + ", and its modules",
                Map.of("", KernelRecipe.IMAGE, "-modules", KernelRecipe.MODULES),
                new KernelRecipe(series));
    }

    private static Guest files(
            String name,
            String description,
            String prefix,
            String packageName,
            Map<String, String> parts,
            Map<String, String> paths) {
        Map<String, Pattern> patterns = new TreeMap<>();
        paths.forEach((file, path) -> patterns.put(file, Pattern.compile(path)));
        return new Guest(name, description, parts, new FilesRecipe(prefix, Pattern.compile(packageName), patterns));
    }

    /// {@return all of them, in the order of the list}
    public static List<Guest> all() {
        return ALL;
    }

    /// {@return the guest of this name}
    ///
    /// @throws BadInput when there is none
    public static Guest find(String name) {
        return part(name).guest();
    }

    /// {@return the file that a name means: a guest's main one, or with a part's name behind it another}
    ///
    /// @throws BadInput when there is none
    public static Part part(String name) {
        for (Guest guest : ALL) {
            if (name.startsWith(guest.name)) {
                String file = guest.parts.get(name.substring(guest.name.length()));
                if (file != null) {
                    return new Part(guest, file);
                }
            }
        }
        throw new BadInput("there is no guest '" + name + "'; there are "
                + ALL.stream().map(Guest::name).collect(Collectors.joining(", ")));
    }
}
