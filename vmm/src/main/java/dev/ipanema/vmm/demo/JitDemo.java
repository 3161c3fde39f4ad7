package dev.ipanema.vmm.demo;

import dev.ipanema.arm.register.Ctr;
import dev.ipanema.guests.program.JitProgram;
import dev.ipanema.guests.program.JitProgram.Maintenance;
import java.util.List;
import java.util.StringJoiner;

/// A guest writes code and runs it, with all, some and none of the maintenance between.
final class JitDemo implements Demo {
    @Override
    public String name() {
        return "jit";
    }

    @Override
    public String summary() {
        return "a guest writes code over code and runs it: which maintenance does it need?";
    }

    @Override
    public DemoReport run(DemoStage stage) {
        long ctr = stage.profile().cpu().effectiveCtrEl0();
        try (Scene scene = new Scene(stage, "new code over code that has run; " + needs(ctr))) {
            return DemoReport.of(name(), stage, List.of(write(scene)), List.of());
        }
    }

    private static DemoPart write(Scene scene) {
        try (DemoVm vm = scene.vm(scene.host().newAddressSpace(), new JitProgram())) {
            Reports reports = vm.run();
            long ctr = Ctr.effective(reports.get(JitProgram.CTR), reports.get(JitProgram.CLIDR));
            String type = vm.type(reports.get(JitProgram.TRANSLATION)).word();
            StringJoiner stale = new StringJoiner("; ");
            boolean defect = false;
            for (Maintenance maintenance : Maintenance.values()) {
                long result = reports.get(JitProgram.RESULT + maintenance.ordinal());
                boolean old = result == JitProgram.FIRST_RESULT;
                String lacks = lacks(maintenance, ctr);
                scene.step(
                        "guest",
                        "writes, " + maintenance.text() + ", runs" + (lacks.isEmpty() ? "" : "  (lacks " + lacks + ")"),
                        type,
                        old ? "the OLD code ran" : "the new code ran");
                if (old) {
                    stale.add("with " + maintenance.text());
                    defect = true;
                }
            }
            String outcome = defect
                    ? "old code ran " + stale
                    : "the new code ran each time" + (isFree(ctr) ? ": this hardware needs no maintenance for it" : "");
            return scene.end(outcome, defect);
        }
    }

    private static boolean isFree(long ctr) {
        return (ctr & Ctr.DIC) != 0 && (ctr & Ctr.IDC) != 0;
    }

    private static String needs(long ctr) {
        StringJoiner needs =
                new StringJoiner(" and ", "the CPU asks for ", "").setEmptyValue("the CPU asks for barriers only");
        if ((ctr & Ctr.IDC) == 0) {
            needs.add("DC CVAU (IDC 0)");
        }
        if ((ctr & Ctr.DIC) == 0) {
            needs.add("IC IVAU (DIC 0)");
        }
        return needs.toString();
    }

    private static String lacks(Maintenance maintenance, long ctr) {
        StringJoiner lacks = new StringJoiner(", ");
        if ((ctr & Ctr.IDC) == 0 && !maintenance.cleans()) {
            lacks.add("DC CVAU");
        }
        if ((ctr & Ctr.DIC) == 0 && !maintenance.invalidates()) {
            lacks.add("IC IVAU");
        }
        return lacks.toString();
    }
}
