package dev.ipanema.machine.cache;

import static org.junit.jupiter.api.Assertions.fail;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.cache.GuestRig.Program;
import dev.ipanema.machine.memory.Agent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Random instructions of two processing elements, and accesses of a device and the VMM between them, on a whole
/// machine
/// with caches: each value that is loaded, and each instruction that is executed, is one that the architecture allows.
///
/// A failure prints the least program that still fails. `-Dipanema.seed=` repeats a run.
class GuestCampaignTest {
    private static final int PROGRAMS = Boolean.getBoolean("ipanema.long") ? 200_000 : 1_000;
    private static final int MOST_STEPS = 30;

    /// [GuestStep#pe] of the VMM, or of a device that does not snoop.
    private static final int NO_PE = -1;

    private static final List<Program> OF_CELLS =
            List.of(Program.LOAD, Program.STORE, Program.STORE, Program.CALL, Program.CALL);

    /// A program that an element runs, or an access of others.
    record GuestStep(int pe, Program program, Step.Via via, int cell, int value) {
        @Override
        public String toString() {
            return (pe == NO_PE ? via.view == LineOracle.View.COHERENT ? "VMM " : "DMA " : "PE" + pe + " ")
                    + program.toString().toLowerCase(Locale.ROOT) + " " + via + " cell " + cell
                    + (program == Program.STORE ? " := " + value : "");
        }
    }

    private record Failure(int step, String what) {}

    private final Oracles oracles = new Oracles();

    @Test
    void everyValueIsAllowed() {
        long seed = Long.getLong("ipanema.seed", System.nanoTime());
        System.out.println("GuestCampaignTest -Dipanema.seed=" + seed);
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < PROGRAMS; i++) {
            Setting setting = Setting.random(random);
            List<GuestStep> steps = new ArrayList<>();
            for (int length = 3 + random.nextInt(MOST_STEPS); length > 0; length--) {
                steps.add(step(random));
            }
            if (run(setting, steps) != null) {
                fail("Program " + i + " of -Dipanema.seed=" + seed + "\n" + listing(setting, shrunk(setting, steps)));
            }
        }
    }

    private static GuestStep step(SplittableRandom random) {
        boolean ofCell = random.nextInt(3) != 0;
        Program program = ofCell
                ? OF_CELLS.get(random.nextInt(OF_CELLS.size()))
                : Program.values()[random.nextInt(Program.values().length)];
        boolean byOthers = (program == Program.LOAD || program == Program.STORE) && random.nextInt(4) == 0;
        int cell = random.nextInt(GuestRig.LINES * LineState.CELLS);
        // Instructions of Device memory may not be executed.
        Step.Via[] vias = Step.Via.values();
        Step.Via via = vias[random.nextInt(program == Program.CALL || byOthers ? vias.length - 1 : vias.length)];
        return new GuestStep(
                byOthers ? NO_PE : random.nextInt(GuestRig.ELEMENTS),
                program,
                via,
                cell,
                random.nextInt(LineOracle.VALUES));
    }

    private @Nullable Failure run(Setting setting, List<GuestStep> steps) {
        GuestOracle oracle = new GuestOracle(oracles.of(setting.idc()), setting.dic());
        try (GuestRig rig = new GuestRig(setting)) {
            for (int i = 0; i < steps.size(); i++) {
                String wrong;
                try {
                    wrong = oracle.follow(steps.get(i), result(rig, steps.get(i)));
                } catch (IllegalStateException e) {
                    wrong = e.getMessage();
                }
                if (wrong != null) {
                    return new Failure(i, wrong);
                }
            }
        }
        return null;
    }

    private static int result(GuestRig rig, GuestStep step) {
        long pa = GuestRig.pa(step.cell());
        if (step.pe() == NO_PE) {
            Agent agent = step.via().view == LineOracle.View.COHERENT ? Agent.VMM : Agent.DEVICE;
            MemoryAttributes type = step.via().type;
            if (step.program() == Program.LOAD) {
                return GuestRig.valueOf(rig.memory.load(agent, type, pa, Integer.BYTES));
            }
            rig.memory.store(agent, type, pa, Integer.BYTES, GuestRig.wordOf(step.value()));
            return 0;
        }
        long x0 = rig.run(step.pe(), step.program(), step.via(), step.cell(), step.value());
        return step.program() == Program.CALL ? (int) x0 : GuestRig.valueOf(x0);
    }

    private List<GuestStep> shrunk(Setting setting, List<GuestStep> steps) {
        List<GuestStep> least = steps;
        for (int at = steps.size() - 1; at >= 0; at--) {
            List<GuestStep> fewer = new ArrayList<>(least);
            fewer.remove(Math.min(at, fewer.size() - 1));
            Failure failure = fewer.isEmpty() ? null : run(setting, fewer);
            if (failure != null) {
                least = fewer.subList(0, failure.step() + 1);
            }
        }
        return least;
    }

    private String listing(Setting setting, List<GuestStep> steps) {
        StringBuilder text = new StringBuilder(setting.toString()).append('\n');
        steps.forEach(step -> text.append("  ").append(step).append('\n'));
        return text.append(run(setting, steps)).toString();
    }
}
