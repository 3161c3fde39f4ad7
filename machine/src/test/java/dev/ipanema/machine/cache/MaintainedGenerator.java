package dev.ipanema.machine.cache;

import dev.ipanema.machine.cache.Step.Kind;
import dev.ipanema.machine.cache.Step.Path;
import dev.ipanema.machine.cache.Step.Via;
import dev.ipanema.machine.cache.Step.Who;
import dev.ipanema.machine.memory.CacheOperation;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Random programs that use aliases of every type and do each maintenance that it takes: each read has one allowed
/// value.
final class MaintainedGenerator {
    /// A program, and which of its steps are maintenance that it needs.
    record Maintained(Trial trial, List<Integer> needed) {
        /// {@return the program without one step; where it invalidated a line that was clean it now cleans, too,
        /// because that may be dirty without the step, and who invalidates a dirty line asks for the loss}
        Trial without(int step) {
            List<Step> fewer = new ArrayList<>(trial.steps());
            fewer.remove(step);
            fewer.replaceAll(other -> other.operation() != CacheOperation.DC_INVAL_POC
                    ? other
                    : Step.maintain(other.who(), CacheOperation.DC_CLEAN_INVAL_POC, other.line(), other.lines()));
            return new Trial(trial.setting(), List.copyOf(fewer));
        }
    }

    private static final int LENGTH = 24;
    private static final List<Who> MAINTAINERS = List.of(Who.PE0, Who.PE1, Who.KVM, Who.VMM);

    private final SplittableRandom random;
    private final boolean storesThrough;
    private final List<Step> steps = new ArrayList<>();
    private final List<Integer> needed = new ArrayList<>();
    private final int[] values = new int[Cells.CELLS];

    /// Of each cell, bit v: it had value v since all caches and memory held one value. Each store is of a value that it
    /// did not have: another would hide what is left out before it.
    private final int[] had = new int[Cells.CELLS];

    /// Of each line: stored to through the caches and not cleaned to the point of coherency, or of unification,
    /// since; stored to past the caches and not invalidated since.
    private final boolean[] dirty = new boolean[Cells.LINES];

    private final boolean[] dirtyAtPou = new boolean[Cells.LINES];
    private final boolean[] newerInMemory = new boolean[Cells.LINES];

    private MaintainedGenerator(SplittableRandom random, boolean storesThrough) {
        this.random = random;
        this.storesThrough = storesThrough;
        for (int line = 0; line < Cells.LINES; line++) {
            forget(line);
        }
    }

    /// {@return a program}
    ///
    /// @param storesThrough whether there are write-through stores in it: a dirty line may stay dirty, or not
    static Maintained next(SplittableRandom random, boolean storesThrough) {
        MaintainedGenerator generator = new MaintainedGenerator(random, storesThrough);
        Setting setting = Setting.random(random);
        while (generator.steps.size() < LENGTH) {
            generator.access(setting);
        }
        return new Maintained(new Trial(setting, List.copyOf(generator.steps)), List.copyOf(generator.needed));
    }

    private <T> T one(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    private void access(Setting setting) {
        switch (random.nextInt(10)) {
            case 0, 1, 2 -> cell(Kind.LOAD);
            case 3, 4, 5 -> cell(Kind.STORE);
            case 6 -> cell(Kind.CAS);
            case 7 -> lines();
            case 8 -> fetch(setting);
            default -> spare();
        }
    }

    private void cell(Kind kind) {
        Who who = kind == Kind.CAS ? one(List.of(Who.PE0, Who.PE1, Who.WALK0, Who.KVM)) : one(List.of(Who.values()));
        access(new Step(
                kind,
                who,
                via(who),
                random.nextInt(Cells.CELLS),
                1,
                random.nextInt(LineOracle.VALUES),
                random.nextInt(LineOracle.VALUES),
                CacheOperation.DC_CLEAN_POC,
                one(List.of(Path.values()))));
    }

    private void lines() {
        Who who = one(List.of(Who.HOST_KERNEL, Who.VMM, Who.DMA));
        int first = random.nextInt(Cells.LINES);
        int count = 1 + random.nextInt(Cells.LINES - first);
        access(new Step(
                one(List.of(Kind.READ, Kind.WRITE, Kind.ZERO)),
                who,
                via(who),
                first * LineState.CELLS,
                count * LineState.CELLS,
                random.nextInt(LineOracle.VALUES),
                0,
                CacheOperation.DC_CLEAN_POC,
                Path.CALL));
    }

    private Via via(Who who) {
        return who == Who.KVM || who == Who.HOST_KERNEL ? Via.WB : one(List.of(Via.values()));
    }

    private boolean storesOldValue(Step step) {
        boolean old = false;
        for (int cell = step.cell(); cell < step.cell() + step.cells(); cell++) {
            old |= (had[cell] & 1 << stored(step)) != 0;
        }
        return old && isStore(step);
    }

    private static boolean isStore(Step step) {
        return step.kind() != Kind.LOAD && step.kind() != Kind.READ;
    }

    private static int stored(Step step) {
        return step.kind() == Kind.ZERO ? 0 : step.value();
    }

    /// Prepares each line, makes the access and notes what it leaves behind.
    private void access(Step step) {
        if (storesOldValue(step) || step.via() == Via.WT && !storesThrough && isStore(step)) {
            return;
        }
        boolean throughCaches = step.via().view == LineOracle.View.COHERENT;
        for (int line = step.line(); line < step.line() + step.lines(); line++) {
            if (throughCaches) {
                forCaches(line);
            } else {
                forMemory(line, !step.reads());
            }
        }
        steps.add(step);
        for (int cell = step.cell(); cell < step.cell() + step.cells(); cell++) {
            boolean stores = !step.reads() || step.kind() == Kind.CAS && values[cell] == step.expected();
            if (stores) {
                stored(step, cell);
            }
        }
    }

    private void stored(Step step, int cell) {
        values[cell] = stored(step);
        had[cell] |= 1 << values[cell];
        int line = cell / LineState.CELLS;
        switch (step.via()) {
            case WB -> {
                dirty[line] = true;
                dirtyAtPou[line] = true;
            }
            case WT -> {}
            case NC, DEVICE -> newerInMemory[line] = true;
        }
    }

    private void fetch(Setting setting) {
        Who who = random.nextBoolean() ? Who.PE0 : Who.PE1;
        Step step = Step.fetch(who, random.nextInt(3) == 0 ? Via.NC : Via.WB, random.nextInt(Cells.CELLS));
        int line = step.line();
        if (step.via() == Via.NC) {
            forMemory(line, false);
        } else {
            forCaches(line);
            if (!setting.idc() && dirtyAtPou[line]) {
                need(one(List.of(CacheOperation.DC_CLEAN_POU, CacheOperation.DC_CLEAN_POC)), line);
            }
        }
        steps.add(step);
    }

    private void forCaches(int line) {
        if (newerInMemory[line]) {
            need(one(List.of(CacheOperation.DC_INVAL_POC, CacheOperation.DC_CLEAN_INVAL_POC)), line);
        }
    }

    private void forMemory(int line, boolean store) {
        if (dirty[line]) {
            need(
                    store
                            ? CacheOperation.DC_CLEAN_INVAL_POC
                            : one(List.of(CacheOperation.DC_CLEAN_POC, CacheOperation.DC_CLEAN_INVAL_POC)),
                    line);
        }
    }

    private void need(CacheOperation operation, int line) {
        needed.add(steps.size());
        maintain(operation, line);
    }

    private void maintain(CacheOperation operation, int line) {
        steps.add(Step.maintain(one(MAINTAINERS), operation, line, 1));
        dirtyAtPou[line] = false;
        dirty[line] &= operation == CacheOperation.DC_CLEAN_POU;
        newerInMemory[line] &=
                operation != CacheOperation.DC_INVAL_POC && operation != CacheOperation.DC_CLEAN_INVAL_POC;
        if (!dirty[line] && !newerInMemory[line]) {
            forget(line);
        }
    }

    private void forget(int line) {
        for (int cell = line * LineState.CELLS; cell < (line + 1) * LineState.CELLS; cell++) {
            had[cell] = 1 << values[cell];
        }
    }

    /// Maintenance that nothing asks for, and that does no harm.
    private void spare() {
        int line = random.nextInt(Cells.LINES);
        CacheOperation operation = one(
                List.of(CacheOperation.DC_CLEAN_POC, CacheOperation.DC_CLEAN_INVAL_POC, CacheOperation.DC_CLEAN_POU));
        maintain(operation, line);
    }
}
