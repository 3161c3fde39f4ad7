package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.a64.Reg.X0;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.machine.cache.CacheModel;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.cache.CachePolicy;
import dev.ipanema.machine.memory.Agent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Breakpoints and values that a debugger puts into a guest.
class DebuggerStoreTest {
    private static CacheModel caches(String cpu, CachePolicy policy) {
        long ctr = CpuModel.parse(cpu).effectiveCtrEl0();
        return new CacheModel(CacheOptions.DEFAULT.withPolicy(policy, 1), ctr);
    }

    private static void poke(Rig rig, long pa, Assembler program) {
        byte[] bytes = program.bytes();
        rig.memory.poke(pa, bytes, 0, bytes.length);
    }

    @ParameterizedTest
    @CsvSource({"max, true", "max, false", "max-fwb-idc, true", "max-fwb-idc-dic, true", "max-fwb-idc-dic, false"})
    void guestExecutesWhatTheDebuggerPutsThere(String cpu, boolean mmuOn) {
        CacheModel caches = caches(cpu, CachePolicy.ADVERSARIAL);
        try (Rig rig = new Rig(cpu, 1, caches)) {
            if (mmuOn) {
                rig.stage1(0);
            }
            rig.run(asm -> asm.movImm(X0, 1).hvc(0));

            poke(rig, Rig.CODE + 4, new Assembler(Rig.CODE + 4).brk(0));
            rig.ctx.setPc(Rig.CODE);
            rig.pe.run(rig.ctx, 100);

            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.hvc(Rig.VECTOR_STOP));
            assertThat(rig.ctx.get(SysReg.ELR_EL1)).isEqualTo(Rig.CODE + 4);
            assertThat(caches.monitor().findings()).isEmpty();
        }
    }

    @Test
    void neighboursThatWereStoredPastTheCachesStay() {
        CacheModel caches = caches("max", CachePolicy.LAZY);
        try (Rig rig = new Rig("max", 1, caches)) {
            rig.write(Rig.DATA, 1);
            rig.memory.store(Agent.DEVICE, MemoryAttributes.NORMAL_NC, Rig.DATA + 8, 8, 2);

            rig.memory.poke(Rig.DATA + 16, new byte[] {3}, 0, 1);

            for (MemoryAttributes type :
                    new MemoryAttributes[] {MemoryAttributes.NORMAL_WB, MemoryAttributes.NORMAL_NC}) {
                assertThat(rig.memory.load(Agent.DEVICE, type, Rig.DATA + 16, 8))
                        .isEqualTo(3);
            }
            assertThat(rig.memory.load(Agent.DEVICE, MemoryAttributes.NORMAL_NC, Rig.DATA + 8, 8))
                    .isEqualTo(2);
        }
    }
}
