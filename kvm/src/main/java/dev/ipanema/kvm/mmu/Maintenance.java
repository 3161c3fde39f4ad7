package dev.ipanema.kvm.mmu;

import dev.ipanema.base.text.BadInput;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/// A kind of cache maintenance that KVM does for guests, as a switch that leaves it out: for tests and
/// demonstrations of what it is good for. Nothing else changes by leaving one out, least of all the contents
/// of memory or caches.
///
/// On a host with FEAT_S2FWB (data) and CTR_EL0.DIC (instructions) KVM does none of it, so that leaving it out
/// changes nothing either.
///
/// Source: Linux 7.3 `arch/arm64/kvm/mmu.c`, `arch/arm64/kvm/hyp/pgtable.c`.
public enum Maintenance {
    /// Cleaning and invalidating data before a leaf becomes valid (`stage2_map_walker_try_leaf`,
    /// `clean_dcache_guest_page`).
    MAP,
    /// Invalidating instructions before a leaf becomes executable, when it is mapped and when its permissions are
    /// relaxed (`stage2_map_walker_try_leaf`, `stage2_attr_walker`, `invalidate_icache_guest_page`).
    EXEC,
    /// Flushing all memory at the guest's first maintenance by set and way (`kvm_set_way_flush`).
    SET_WAY,
    /// Flushing all memory when the guest turns its caches on or off (`kvm_toggle_cache`).
    TOGGLE,
    /// Unmapping all memory, or with FEAT_S2FWB invalidating all instructions, when a vCPU that has run is
    /// initialised again (`kvm_arch_vcpu_ioctl_vcpu_init`).
    REINIT,
    /// Cleaning and invalidating data of a leaf that was removed (`stage2_unmap_walker`).
    UNMAP,
    /// What [#MAP] and [#EXEC] do in faults on slots whose dirty pages are logged, which split blocks
    /// (`kvm_s2_fault_map`).
    DIRTY_LOG;

    private final String option = name().toLowerCase(Locale.ROOT).replace('_', '-');

    /// {@return its name on a command line: `map`, `set-way`}
    public String option() {
        return option;
    }

    /// Reads names separated by commas.
    ///
    /// @return what is to be left out, in the order of this type; unmodifiable
    /// @throws BadInput for a name that is none of them, with all names
    public static Set<Maintenance> parse(String text) {
        Set<Maintenance> found = EnumSet.noneOf(Maintenance.class);
        for (String name : text.split(",", -1)) {
            found.add(parseOne(name.strip()));
        }
        return Collections.unmodifiableSet(found);
    }

    private static Maintenance parseOne(String name) {
        for (Maintenance maintenance : values()) {
            if (maintenance.option.equals(name)) {
                return maintenance;
            }
        }
        throw new BadInput("Maintenance '" + name + "' is unknown; KVM's are "
                + Arrays.stream(values()).map(Maintenance::option).collect(Collectors.joining(", ")));
    }
}
