package dev.ipanema.vmm.demo;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.exception.ExceptionClass;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.guests.program.CacheProgram;
import java.util.Map;

/// What a [CacheProgram] has reported, by number.
///
/// @param values the last value of each report
record Reports(Map<Integer, Long> values) {
    Reports {
        values = Map.copyOf(values);
    }

    /// {@return a value}
    ///
    /// @throws BadInput with exit code 1 when the guest has not come that far
    long get(int number) {
        Long value = values.get(number);
        if (value == null) {
            throw new BadInput("the guest did not come to its end: " + exception(), BadInput.FINDING);
        }
        return value;
    }

    private String exception() {
        Long esr = values.get(CacheProgram.SYNDROME);
        if (esr == null) {
            return "it has not reported everything";
        }
        return ExceptionClass.name(Esr.ec(esr)) + ", ESR_EL1 " + Sizes.hex(esr) + ", FAR_EL1 "
                + Sizes.hex(values.getOrDefault(CacheProgram.FAULT_ADDRESS, 0L)) + ", ELR_EL1 "
                + Sizes.hex(values.getOrDefault(CacheProgram.LINK_ADDRESS, 0L));
    }
}
