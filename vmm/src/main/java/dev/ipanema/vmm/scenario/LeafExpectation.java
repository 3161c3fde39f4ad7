package dev.ipanema.vmm.scenario;

import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// What a scenario says about a stage-2 leaf; a part that it does not mention is empty or null.
///
/// @param type `NORMAL_WB`, `NORMAL_NC`, `DEVICE_nGnRE`, or another memory type in the same spelling
/// @param s2ap `RW`, `R`, `W` or `none`
/// @param xn the XN field, 0 executable to 2 never executable
public record LeafExpectation(
        OptionalInt mapped,
        OptionalInt level,
        @Nullable String type,
        @Nullable String s2ap,
        OptionalInt xn) {
    /// {@return whether it says something that only a mapped leaf has}
    boolean saysMore() {
        return level.isPresent() || type != null || s2ap != null || xn.isPresent();
    }
}
