package dev.ipanema.machine.cache;

import dev.ipanema.machine.cache.Step.Kind;
import dev.ipanema.machine.cache.Step.Path;
import dev.ipanema.machine.cache.Step.Via;
import dev.ipanema.machine.cache.Step.Who;
import dev.ipanema.machine.memory.CacheOperation;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Random programs: two processing elements, the host and devices, through aliases of every type, without any care.
final class ProgramGenerator {
    private static final int MOST_STEPS = 24;
    private static final List<CacheOperation> DATA_OPERATIONS = List.of(
            CacheOperation.DC_CLEAN_POC,
            CacheOperation.DC_CLEAN_INVAL_POC,
            CacheOperation.DC_CLEAN_INVAL_POC,
            CacheOperation.DC_INVAL_POC,
            CacheOperation.DC_CLEAN_POU);

    private final SplittableRandom random;

    ProgramGenerator(SplittableRandom random) {
        this.random = random;
    }

    /// {@return a trial}
    Trial next() {
        Setting setting = Setting.random(random);
        int length = 3 + random.nextInt(MOST_STEPS - 3);
        // A program that keeps to one line and to few cells reaches deeper than one that is everywhere.
        int cells = random.nextInt(3) == 0 ? LineState.CELLS : Cells.CELLS;
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < length; i++) {
            steps.add(step(setting, cells));
        }
        return new Trial(setting, List.copyOf(steps));
    }

    private <T> T one(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    private <T> T one(T[] of) {
        return of[random.nextInt(of.length)];
    }

    private Step step(Setting setting, int cells) {
        if (random.nextInt(60) == 0) {
            return Step.powerLoss();
        }
        return switch (random.nextInt(16)) {
            case 0, 1, 2, 3 -> cellStep(Kind.LOAD, setting, cells);
            case 4, 5, 6, 7 -> cellStep(Kind.STORE, setting, cells);
            case 8 -> exchange(setting, cells);
            case 9 -> lineStep(Kind.READ, cells);
            case 10 -> lineStep(random.nextInt(3) == 0 ? Kind.ZERO : Kind.WRITE, cells);
            case 11, 12 -> fetch(cells);
            default -> maintain(cells);
        };
    }

    private Step cellStep(Kind kind, Setting setting, int cells) {
        Who who = one(Who.values());
        int cell = random.nextInt(cells);
        // Two cells meet only where two lines do. An access to both is unaligned, so each of its bytes is one by
        // itself:
        // only a cell of one byte has one value after it.
        boolean two = setting.width() == 1 && cell % 2 == 1 && cell + 1 < Cells.CELLS && random.nextInt(3) == 0;
        return new Step(
                kind, who, via(who), cell, two ? 2 : 1, value(), 0, CacheOperation.DC_CLEAN_POC, one(Path.values()));
    }

    private Via via(Who who) {
        return who == Who.KVM || who == Who.HOST_KERNEL ? Via.WB : one(Via.values());
    }

    private int value() {
        return random.nextInt(LineOracle.VALUES);
    }

    private Step exchange(Setting setting, int cells) {
        Who who = one(List.of(Who.PE0, Who.PE1, Who.WALK0, Who.KVM));
        return new Step(
                Kind.CAS,
                who,
                via(who),
                random.nextInt(cells),
                1,
                value(),
                value(),
                CacheOperation.DC_CLEAN_POC,
                one(Path.values()));
    }

    private Step lineStep(Kind kind, int cells) {
        Who who = one(List.of(Who.KVM, Who.HOST_KERNEL, Who.VMM, Who.DMA));
        int first = random.nextInt(cells / LineState.CELLS);
        int lines = 1 + random.nextInt(cells / LineState.CELLS - first);
        return new Step(
                kind,
                who,
                via(who),
                first * LineState.CELLS,
                lines * LineState.CELLS,
                value(),
                0,
                CacheOperation.DC_CLEAN_POC,
                Path.CALL);
    }

    private Step fetch(int cells) {
        return Step.fetch(
                random.nextBoolean() ? Who.PE0 : Who.PE1,
                random.nextInt(3) == 0 ? Via.NC : Via.WB,
                random.nextInt(cells));
    }

    private Step maintain(int cells) {
        int first = random.nextInt(cells / LineState.CELLS);
        int lines = 1 + random.nextInt(cells / LineState.CELLS - first);
        return Step.maintain(one(List.of(Who.PE0, Who.PE1, Who.KVM, Who.VMM)), one(DATA_OPERATIONS), first, lines);
    }
}
