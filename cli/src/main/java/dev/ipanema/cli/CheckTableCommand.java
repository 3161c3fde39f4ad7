package dev.ipanema.cli;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.vmm.table.CsvFile;
import dev.ipanema.vmm.table.TableCheck;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Parameters;

/// `ipanema check-table`: recomputes the outcome columns of specification tables.
@CommandLine.Command(
        name = "check-table",
        description = "Recompute the outcome columns of a specification table from its input columns,"
                + " by the code that runs guests. The form of the table is found by its header.",
        footer = "Exit code 0 only if every row agreed, 1 otherwise, 2 when a file is no table that is known.%n")
final class CheckTableCommand extends Command {
    private static final int SHOWN = 20;

    @Parameters(paramLabel = "FILE.csv", arity = "1..*", description = "Tables of comma-separated values.")
    private List<Path> files = List.of();

    @Override
    public Integer call() {
        boolean agreed = true;
        for (Path path : files) {
            agreed &= check(path);
        }
        return agreed ? 0 : BadInput.FINDING;
    }

    private boolean check(Path path) {
        int[] shown = {0};
        TableCheck.Totals totals = TableCheck.check(CsvFile.read(path), difference -> {
            if (shown[0]++ < SHOWN) {
                out().println(difference.place() + ": " + difference.column() + ": table " + difference.expected()
                        + ", computed " + difference.computed() + " for " + difference.inputs());
            }
        });
        if (shown[0] > SHOWN) {
            out().println(path + ": " + (shown[0] - SHOWN) + " more cells differ");
        }
        out().println(path + " rows " + totals.rows() + " agreed " + totals.agreed() + " disagreed "
                + totals.disagreed());
        out().flush();
        if (totals.rows() == 0) {
            err().println("ipanema: " + path + " has no row");
        }
        return totals.rows() > 0 && totals.disagreed() == 0;
    }
}
