package dev.ipanema.machine.cpu;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.register.Clidr;
import dev.ipanema.machine.memory.SetAndWay;

/// The operand of DC ISW, CSW and CISW: level − 1 in bits 3:1, the set above the line's offset, the way at the top of
/// the lower word (Arm ARM DDI 0487, C5.3.14).
final class SetWayOperand {
    private static final int WORD_BITS = 32;

    private SetWayOperand() {}

    /// {@return what an operand names in a processing element of a model; a set or way that its caches do not have is
    /// cut to those they have}
    static SetAndWay decode(CpuModel model, long operand) {
        int level = (int) operand >>> 1 & 7;
        int ways = model.cacheWays(level + 1);
        int sets = model.cacheSets(level + 1);
        int wayBits = ways == 1 ? 0 : WORD_BITS - Integer.numberOfLeadingZeros(ways - 1);
        int way = wayBits == 0 ? 0 : (int) operand >>> (WORD_BITS - wayBits);
        int set = ((int) operand >>> model.cacheLineShift(level + 1) & (Integer.highestOneBit(sets) << 1) - 1) % sets;
        boolean last = level + 1 >= Clidr.levelOfCoherency(model.clidrEl1());
        return new SetAndWay(last, set, sets, way % ways, ways);
    }
}
