package dev.ipanema.cli;

import dev.ipanema.base.text.BadInput;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// Reads the arguments of any command by its annotations, and calls it. The only class that starts picocli, so that a
/// command which takes its arguments itself never loads it.
final class GeneralParser {
    private GeneralParser() {}

    /// {@return the exit code of the command, or of the refusal of its arguments}
    static int execute(String name, Command command, String[] arguments, PrintWriter out, PrintWriter err) {
        CommandLine line = new CommandLine(command);
        line.setCommandName("ipanema " + name);
        line.getCommandSpec()
                .addOption(OptionSpec.builder("-h", "--help")
                        .usageHelp(true)
                        .description("Show this help.")
                        .build());
        line.setOut(out);
        line.setErr(err);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setOverwrittenOptionsAllowed(false);
        line.setParameterExceptionHandler((e, given) -> Main.refuse(new BadInput(usage(e, name, given)), out, err));
        line.setExecutionExceptionHandler((e, ignored, parsed) ->
                e instanceof BadInput bad ? Main.refuse(bad, out, err) : Main.defect(e, out, err));
        return line.execute(arguments);
    }

    private static String usage(ParameterException e, String name, String[] given) {
        String help = ", see ipanema " + name + " --help";
        if (e instanceof MissingParameterException) {
            // What is there and wrong says more than what is missing.
            for (String argument : given) {
                String option = argument.split("=", 2)[0];
                if (option.startsWith("--")
                        && !e.getCommandLine().getCommandSpec().optionsMap().containsKey(option)) {
                    return "unknown option '" + argument + "'" + help;
                }
            }
        }
        if (e instanceof UnmatchedArgumentException unmatched) {
            String first = unmatched.getUnmatched().getFirst();
            return (first.startsWith("-") ? "unknown option" : "unexpected argument") + " '" + first + "'" + help;
        }
        return Main.firstLine(e.getMessage()) + help;
    }
}
