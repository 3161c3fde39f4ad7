package dev.ipanema.vmm.explain;

import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.vmm.scenario.LeafState;
import java.util.List;

/// What became of a question under one kernel version.
///
/// @param policy name of the kernel version
/// @param slotErrno what `KVM_SET_USER_MEMORY_REGION` returned: 0 or a negated errno
/// @param slotTrail why
/// @param swapped whether the slot was refused, so that the memory was put under a slot that had been created over
///     ordinary memory
/// @param fault how the access ended, in words
/// @param pfnClass what the kernel version made of the page, empty when it did not come to that
/// @param errno the negated errno of `KVM_RUN`, 0 when it did not fail
/// @param leaf the stage-2 leaf afterwards
/// @param faultTrail why
public record Explanation(
        String policy,
        int slotErrno,
        List<DecisionTrail.Step> slotTrail,
        boolean swapped,
        String fault,
        String pfnClass,
        int errno,
        LeafState leaf,
        List<DecisionTrail.Step> faultTrail) {
    public Explanation {
        slotTrail = List.copyOf(slotTrail);
        faultTrail = List.copyOf(faultTrail);
    }
}
