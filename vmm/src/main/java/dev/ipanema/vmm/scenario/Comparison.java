package dev.ipanema.vmm.scenario;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// Collects the fields in which one step differs from its expectation. Fields that the expectation does not mention
/// are not compared.
final class Comparison {
    private final int step;
    private final String word;
    private final String trail;
    private final List<Disagreement> disagreements = new ArrayList<>();

    /// @param trail what is told with each disagreement
    Comparison(int step, String word, String trail) {
        this.step = step;
        this.word = word;
        this.trail = trail;
    }

    List<Disagreement> disagreements() {
        return disagreements;
    }

    void differs(String field, String expected, String got) {
        disagreements.add(new Disagreement(step, word, field, expected, got, trail));
    }

    void text(String field, @Nullable String expected, String got) {
        if (expected != null && !expected.equals(got)) {
            differs(field, expected, got);
        }
    }

    void integer(String field, OptionalInt expected, long got) {
        if (expected.isPresent() && expected.getAsInt() != got) {
            differs(field, Integer.toString(expected.getAsInt()), Long.toString(got));
        }
    }

    void decimal(String field, OptionalLong expected, long got) {
        if (expected.isPresent() && expected.getAsLong() != got) {
            differs(field, Long.toString(expected.getAsLong()), Long.toString(got));
        }
    }

    void number(String field, OptionalLong expected, long got) {
        if (expected.isPresent() && expected.getAsLong() != got) {
            differs(field, hex(expected.getAsLong()), hex(got));
        }
    }

    void list(String field, @Nullable List<String> expected, List<String> got) {
        if (expected != null && !Objects.equals(expected, got)) {
            differs(field, expected.toString(), got.toString());
        }
    }

    /// Compares a leaf; the parts of a leaf that is not mapped exist only when it is.
    void leaf(@Nullable LeafExpectation expected, LeafState got) {
        if (expected == null) {
            return;
        }
        integer("leaf.mapped", expected.mapped(), got.mapped() ? 1 : 0);
        if (got.mapped()) {
            integer("leaf.level", expected.level(), got.level());
            text("leaf.type", expected.type(), got.type());
            text("leaf.s2ap", expected.s2ap(), got.s2ap());
            integer("leaf.xn", expected.xn(), got.xn());
        } else if (expected.mapped().isEmpty() && expected.saysMore()) {
            differs("leaf.mapped", "1", "0");
        }
    }

    /// Compares how a run ended and what was seen on the way.
    void run(RunExpectation expected, RunOutcome got) {
        if (expected.saysOutcome()) {
            outcome(expected, got);
        }
        if (expected.mmio() != null) {
            mmio(expected.mmio(), got.mmio());
        } else if (expected.saysOutcome() && !got.mmio().isEmpty()) {
            differs("mmio", "none", got.mmio().toString());
        }
        number("memory", expected.memory(), got.memory());
        leaf(expected.leaf(), got.leaf());
        list("stage2_calls", expected.stage2Calls(), got.stage2Calls());
    }

    private void outcome(RunExpectation expected, RunOutcome got) {
        switch (got.end()) {
            case RunOutcome.Reported reported
            when expected.result() != null -> {
                number("result[0]", OptionalLong.of(expected.result().get(0)), reported.first());
                number("result[1]", OptionalLong.of(expected.result().get(1)), reported.second());
            }
            case RunOutcome.GuestException taken
            when expected.guestException() != null -> {
                RunExpectation.GuestException wanted = expected.guestException();
                hex("guest_exception.ec", wanted.ec(), taken.ec());
                hex("guest_exception.fsc", wanted.fsc(), taken.fsc());
                number("guest_exception.far", wanted.far(), taken.far());
            }
            case RunOutcome.RunFailed failed
            when expected.kvmRun() != null && expected.kvmRun().errno().isPresent() ->
                integer("kvm_run.errno", expected.kvmRun().errno(), failed.errno());
            case RunOutcome.OtherExit exit
            when expected.kvmRun() != null && expected.kvmRun().exitReason().isPresent() ->
                integer("kvm_run.exit_reason", expected.kvmRun().exitReason(), exit.exitReason());
            case RunOutcome.End end -> differs("outcome", expected.outcomeText(), end.toString());
        }
    }

    private void mmio(List<RunExpectation.Mmio> expected, List<RunOutcome.Mmio> got) {
        if (expected.size() != got.size()) {
            differs("mmio", expected.size() + " exits", got.toString());
            return;
        }
        for (int i = 0; i < expected.size(); i++) {
            String field = "mmio[" + i + "]";
            number(field + ".ipa", expected.get(i).ipa(), got.get(i).ipa());
            integer(field + ".len", expected.get(i).length(), got.get(i).length());
            integer(field + ".write", expected.get(i).write(), got.get(i).write() ? 1 : 0);
        }
    }

    private void hex(String field, OptionalInt expected, int got) {
        if (expected.isPresent() && expected.getAsInt() != got) {
            differs(field, hex(expected.getAsInt()), hex(got));
        }
    }

    private static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }
}
