package dev.ipanema.cli;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.machine.cache.Alias;
import dev.ipanema.machine.cache.Finding;
import dev.ipanema.machine.cache.Writer;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.vmm.coherence.CachesOption;
import dev.ipanema.vmm.coherence.CoherenceReport;
import dev.ipanema.vmm.coherence.NamedFinding;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/// What the coherence monitor found, for people.
final class CoherenceText {
    /// Findings that are shown; a file of `--coherence` has all.
    static final int MAX_SHOWN = 20;

    private static final String INDENT = "    ";

    private CoherenceText() {}

    /// Writes one line when there is nothing to tell, else a summary and each finding.
    ///
    /// @param again gives the command that repeats a finding
    static void write(PrintWriter out, CoherenceReport report, Function<NamedFinding, Again> again) {
        String policy = CachesOption.policy(report.options());
        if (report.total() == 0) {
            out.printf("ipanema: caches modelled, policy %s: no findings%n", policy);
            return;
        }
        List<String> kinds = new ArrayList<>();
        report.kinds().forEach((kind, count) -> kinds.add(kind.text() + " " + count));
        out.printf(
                "ipanema: caches modelled, policy %s: %s in %s: %s%n",
                policy,
                plural(report.total(), "finding"),
                plural(report.findings().size(), "place"),
                String.join(", ", kinds));
        for (NamedFinding each :
                report.findings().subList(0, Math.min(report.findings().size(), MAX_SHOWN))) {
            finding(out, each);
            out.printf("%sagain: %s%n", INDENT, again.apply(each));
        }
        int hidden = report.findings().size() - MAX_SHOWN;
        if (hidden > 0) {
            out.printf("ipanema: %s more, all in the file of --coherence FILE%n", plural(hidden, "place"));
        }
        if (report.unlisted() > 0) {
            out.printf("ipanema: %s in further places, counted only%n", plural(report.unlisted(), "finding"));
        }
    }

    /// Writes one finding, without the command that repeats it.
    static void finding(PrintWriter out, NamedFinding named) {
        Finding finding = named.finding();
        String subject = named.subject().isEmpty() ? "" : named.subject() + ": ";
        String count = named.count() == 1 ? "" : ", " + named.count() + " times";
        out.printf(
                "%s%s: %s%s%n",
                subject,
                finding.kind().text(),
                who(finding.agent(), finding.pe(), finding.pc(), named.symbol()),
                count);
        out.printf("%sat    %s%n", INDENT, where(finding));
        out.printf("%shere  %s%s%n", INDENT, bytes(finding.seen()), alias(finding.here()));
        out.printf("%sthere %s%s%n", INDENT, bytes(finding.other()), alias(finding.there()));
        Writer writer = finding.writer();
        if (writer != null) {
            out.printf(
                    "%sstored by %s%s%n",
                    INDENT,
                    who(writer.agent(), writer.pe(), writer.pc(), named.writerSymbol()),
                    writer.exact() ? "" : ", the first store of the epoch");
        }
        out.printf("%smissing: %s%n", INDENT, finding.missing().text());
    }

    private static String where(Finding finding) {
        return (finding.va() == 0 ? "" : "VA " + Sizes.hex(finding.va()) + ", ")
                + (finding.ipa() == 0 ? "" : "IPA " + Sizes.hex(finding.ipa()) + ", ")
                + "PA " + Sizes.hex(finding.pa())
                + (finding.bytes() == 0 ? "" : ", " + plural(finding.bytes(), "byte"));
    }

    private static String who(Agent agent, int pe, long pc, String symbol) {
        return CachesOption.word(agent)
                + (pe == Origin.NO_PE ? "" : " " + pe)
                + (pc == 0 ? "" : ", PC " + Sizes.hex(pc) + (symbol.isEmpty() ? "" : " (" + symbol + ")"));
    }

    private static String alias(Alias alias) {
        MemoryAttributes type = alias.type();
        return word(alias.agent())
                + (alias.va() == 0 ? "" : " VA " + Sizes.hex(alias.va()))
                + (type == null ? "" : " " + type)
                + (alias.cacheable() ? ", by the caches" : ", past the caches");
    }

    /// {@return the name of an agent as reports spell it}
    static String word(String agent) {
        return agent.toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /// {@return the bytes in front of an alias; a finding about a whole page has none}
    private static String bytes(String hexadecimal) {
        return hexadecimal.isEmpty() ? "" : hexadecimal + "  ";
    }

    private static String plural(long count, String what) {
        return count + " " + what + (count == 1 ? "" : "s");
    }
}
