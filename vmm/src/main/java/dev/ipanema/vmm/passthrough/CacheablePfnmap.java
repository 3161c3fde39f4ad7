package dev.ipanema.vmm.passthrough;

import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.kvm.uapi.KvmCap;
import dev.ipanema.kvm.vm.Vm;
import java.util.ArrayList;
import java.util.List;

/// Whether KVM maps memory cacheable that the host's kernel does not own: the question that a VMM asks before it builds
/// a slot of such memory, so that it can say what is missing instead of dying of the slot's errno.
///
/// @param isSupported the answer
/// @param sentence what is missing, empty when nothing is
/// @param reasons KVM's trail
public record CacheablePfnmap(boolean isSupported, String sentence, String reasons) {
    /// {@return KVM's answer for a VM}
    public static CacheablePfnmap of(Vm vm) {
        DecisionTrail trail = new DecisionTrail();
        int answer = vm.checkExtension(KvmCap.KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED, trail);
        return answer == 1
                ? new CacheablePfnmap(true, "", trail.toString())
                : new CacheablePfnmap(
                        false,
                        "KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED is " + answer + missing(trail),
                        trail.toString());
    }

    private static String missing(DecisionTrail trail) {
        List<String> missing = new ArrayList<>();
        for (DecisionTrail.Step step : trail.steps()) {
            if (step.kind() == DecisionTrail.Kind.RULE) {
                missing.add(step.subject() + " is " + step.value());
            } else if (step.value().equals("false")) {
                missing.add("the host has no " + step.subject());
            }
        }
        return missing.isEmpty() ? "" : " (" + String.join(", ", missing) + ")";
    }

    /// {@return what a decision of KVM came to, with its reason, in one line; empty when the trail has none}
    public static String outcome(DecisionTrail trail) {
        return trail.steps().reversed().stream()
                .filter(step -> step.kind() == DecisionTrail.Kind.OUTCOME)
                .findFirst()
                .map(step -> ": " + step.value())
                .orElse("");
    }
}
