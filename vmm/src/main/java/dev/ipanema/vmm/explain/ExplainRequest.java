package dev.ipanema.vmm.explain;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.guests.program.Operation;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.kvm.uapi.KvmMem;
import java.util.Locale;

/// A question: what happens to an access of a guest to memory of this kind?
///
/// @param vmFlags flags of the VMA that the question names, see [VmFlags]; none for an ordinary one
/// @param attribute the attribute of the VMA
/// @param mapMemory whether `pfn_is_map_memory` holds for its pages
/// @param slotFlags `KVM_MEM_…`
/// @param access what the guest does first
public record ExplainRequest(long vmFlags, PteAttrIndex attribute, boolean mapMemory, int slotFlags, Access access) {
    /// What the guest does.
    public enum Access {
        READ(Operation.R),
        WRITE(Operation.W),
        EXEC(Operation.X);

        private final Operation operation;

        Access(Operation operation) {
            this.operation = operation;
        }

        /// {@return the payload's operation}
        public Operation operation() {
            return operation;
        }

        /// {@return the word of the command line}
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// {@return the question of a command line}
    ///
    /// @param vma comma list of flags, by name or smaps letters, or `ordinary`
    /// @param attribute `WB` or `NORMAL`, `TAGGED`, `NC`, `nGnRnE`, `nGnRE`
    /// @param backing `ram` or `nomap`
    /// @param slotFlags comma list of `LOG_DIRTY_PAGES`, `READONLY`, or a number; empty for none
    /// @param access `read`, `write` or `exec`
    /// @throws BadInput for a word that is not known
    public static ExplainRequest parse(String vma, String attribute, String backing, String slotFlags, String access) {
        return new ExplainRequest(
                vmFlags(vma), attribute(attribute), mapMemory(backing), slotFlags(slotFlags), access(access));
    }

    private static long vmFlags(String text) {
        long flags = 0;
        for (String word : text.split(",", -1)) {
            if (!word.strip().equalsIgnoreCase("ordinary")) {
                flags |= VmFlags.parse(word);
            }
        }
        if ((flags & VmFlags.VM_PFNMAP) != 0 && (flags & VmFlags.VM_MIXEDMAP) != 0) {
            throw new BadInput("--vma " + text + ": a VMA is VM_PFNMAP or VM_MIXEDMAP, not both");
        }
        return flags;
    }

    private static PteAttrIndex attribute(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "wb", "normal" -> PteAttrIndex.MT_NORMAL;
            case "tagged", "normal_tagged" -> PteAttrIndex.MT_NORMAL_TAGGED;
            case "nc", "normal_nc" -> PteAttrIndex.MT_NORMAL_NC;
            case "ngnrne", "device_ngnrne" -> PteAttrIndex.MT_DEVICE_nGnRnE;
            case "ngnre", "device_ngnre" -> PteAttrIndex.MT_DEVICE_nGnRE;
            default -> throw new BadInput("--attr '" + text + "' is unknown (known: WB, TAGGED, NC, nGnRnE, nGnRE)");
        };
    }

    private static boolean mapMemory(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "ram" -> true;
            case "nomap" -> false;
            default -> throw new BadInput("--backing '" + text + "' is unknown (known: ram, nomap)");
        };
    }

    private static int slotFlags(String text) {
        if (text.isBlank()) {
            return 0;
        }
        int flags = 0;
        for (String word : text.split(",", -1)) {
            String name = word.strip().toUpperCase(Locale.ROOT);
            name = name.startsWith("KVM_MEM_") ? name.substring("KVM_MEM_".length()) : name;
            flags |= switch (name) {
                case "LOG_DIRTY_PAGES", "LOG_DIRTY" -> KvmMem.KVM_MEM_LOG_DIRTY_PAGES;
                case "READONLY" -> KvmMem.KVM_MEM_READONLY;
                case "NONE" -> 0;
                default -> number(word);
            };
        }
        return flags;
    }

    private static int number(String word) {
        long number;
        try {
            number = Sizes.parseNumber("--slot-flags", word);
        } catch (BadInput e) {
            throw new BadInput("--slot-flags '" + word + "' is unknown (known: LOG_DIRTY_PAGES, READONLY, a number)");
        }
        if (number != (int) number) {
            throw new BadInput("--slot-flags " + word + " does not fit into 32 bits");
        }
        return (int) number;
    }

    private static Access access(String text) {
        for (Access access : Access.values()) {
            if (access.word().equalsIgnoreCase(text)) {
                return access;
            }
        }
        throw new BadInput("--access '" + text + "' is unknown (known: read, write, exec)");
    }
}
