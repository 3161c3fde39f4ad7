package dev.ipanema.cli;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.machine.cache.Alias;
import dev.ipanema.machine.cache.Finding;
import dev.ipanema.machine.cache.FindingKind;
import dev.ipanema.machine.cache.Writer;
import dev.ipanema.vmm.coherence.CachesOption;
import dev.ipanema.vmm.coherence.CoherenceReport;
import dev.ipanema.vmm.coherence.NamedFinding;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// What the coherence monitor found as JSON, schema 1: `{"schema","options","total","unlisted","kinds","findings"}`.
/// Addresses are hexadecimal strings, null when there is none; what is unknown is null.
///
/// @param report what was found
/// @param again gives the command that repeats a finding
record CoherenceJson(CoherenceReport report, Function<NamedFinding, Again> again) {
    private static final int SCHEMA = 1;

    /// {@return a document of its own}
    String text() {
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        try (JsonGenerator json = RunJson.generator(out)) {
            write(json);
        }
        out.flush();
        return text + "\n";
    }

    /// Writes it as the property `coherence` of the object that is open.
    void property(JsonGenerator json) {
        json.writeName("coherence");
        write(json);
    }

    private void write(JsonGenerator json) {
        json.writeStartObject();
        json.writeNumberProperty("schema", SCHEMA);
        json.writeObjectPropertyStart("options");
        json.writeStringProperty("policy", CachesOption.word(report.options().policy()));
        json.writeNumberProperty("seed", report.options().seed());
        json.writeStringProperty("track", CachesOption.word(report.options().tracked()));
        json.writeNumberProperty("precise", report.options().precise() ? 1 : 0);
        json.writeEndObject();
        json.writeNumberProperty("total", report.total());
        json.writeNumberProperty("unlisted", report.unlisted());
        json.writeObjectPropertyStart("kinds");
        for (FindingKind kind : FindingKind.values()) {
            json.writeNumberProperty(kind.text(), report.kinds().getOrDefault(kind, 0L));
        }
        json.writeEndObject();
        json.writeArrayPropertyStart("findings");
        report.findings().forEach(each -> write(json, each));
        json.writeEndArray();
        json.writeEndObject();
    }

    private void write(JsonGenerator json, NamedFinding named) {
        Finding finding = named.finding();
        json.writeStartObject();
        json.writeStringProperty("kind", finding.kind().text());
        json.writeNumberProperty("count", named.count());
        json.writeStringProperty("subject", named.subject());
        json.writeStringProperty("agent", CachesOption.word(finding.agent()));
        json.writeNumberProperty("pe", finding.pe());
        address(json, "pc", finding.pc());
        json.writeStringProperty("symbol", named.symbol());
        address(json, "va", finding.va());
        address(json, "ipa", finding.ipa());
        json.writeStringProperty("pa", Sizes.hex(finding.pa()));
        json.writeNumberProperty("bytes", finding.bytes());
        json.writeStringProperty("seen", finding.seen());
        json.writeStringProperty("other", finding.other());
        alias(json, "here", finding.here());
        alias(json, "there", finding.there());
        writer(json, finding.writer(), named.writerSymbol());
        json.writeObjectPropertyStart("missing");
        json.writeStringProperty("what", CachesOption.word(finding.missing()));
        json.writeStringProperty("text", finding.missing().text());
        json.writeEndObject();
        Again command = again.apply(named);
        json.writeObjectPropertyStart("again");
        json.writeStringProperty("command", command.line());
        json.writeNumberProperty("same", command.isSame() ? 1 : 0);
        json.writeEndObject();
        json.writeEndObject();
    }

    private static void writer(JsonGenerator json, @Nullable Writer writer, String symbol) {
        if (writer == null) {
            json.writeNullProperty("writer");
            return;
        }
        json.writeObjectPropertyStart("writer");
        json.writeStringProperty("agent", CachesOption.word(writer.agent()));
        json.writeNumberProperty("pe", writer.pe());
        address(json, "pc", writer.pc());
        json.writeStringProperty("symbol", symbol);
        json.writeNumberProperty("exact", writer.exact() ? 1 : 0);
        json.writeEndObject();
    }

    private static void alias(JsonGenerator json, String name, Alias alias) {
        json.writeObjectPropertyStart(name);
        json.writeStringProperty("agent", CoherenceText.word(alias.agent()));
        address(json, "va", alias.va());
        MemoryAttributes type = alias.type();
        if (type == null) {
            json.writeNullProperty("type");
        } else {
            json.writeStringProperty("type", type.toString());
        }
        json.writeNumberProperty("cacheable", alias.cacheable() ? 1 : 0);
        json.writeEndObject();
    }

    private static void address(JsonGenerator json, String name, long value) {
        if (value == 0) {
            json.writeNullProperty(name);
        } else {
            json.writeStringProperty(name, Sizes.hex(value));
        }
    }
}
