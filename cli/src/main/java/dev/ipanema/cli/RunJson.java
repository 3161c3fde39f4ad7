package dev.ipanema.cli;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.vmm.boot.GuestEnd;
import dev.ipanema.vmm.probe.ProbeOutcome;
import dev.ipanema.vmm.probe.ProbeReport;
import dev.ipanema.vmm.probe.ProbeResult;
import dev.ipanema.vmm.probe.Stage2Row;
import dev.ipanema.vmm.scenario.LeafState;
import java.io.PrintWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.databind.json.JsonMapper;

/// A run as JSON, schema 1: `{"schema","host","policy","exit","probes","stage2"}`, and `"coherence"` when caches were
/// modelled.
final class RunJson {
    private static final int SCHEMA = 1;

    private RunJson() {}

    static void write(PrintWriter out, ProbeReport report, int code, @Nullable CoherenceJson coherence) {
        try (JsonGenerator json = generator(out)) {
            start(json, report.host(), report.policy());
            String reason = report.timedOut() ? "time-out" : !report.defect().isEmpty() ? "kernel-defect" : "done";
            exit(json, code, reason, report.defect());
            json.writeArrayPropertyStart("probes");
            for (ProbeResult result : report.results()) {
                write(json, result);
            }
            json.writeEndArray();
            stage2(json, report.stage2());
            end(json, coherence);
        }
        out.println();
    }

    static void write(
            PrintWriter out,
            String host,
            String policy,
            GuestEnd end,
            int code,
            List<Stage2Row> rows,
            @Nullable CoherenceJson coherence) {
        try (JsonGenerator json = generator(out)) {
            start(json, host, policy);
            exit(json, code, end.reason().word(), end.message());
            json.writeArrayPropertyStart("probes");
            json.writeEndArray();
            stage2(json, rows);
            end(json, coherence);
        }
        out.println();
    }

    private static void end(JsonGenerator json, @Nullable CoherenceJson coherence) {
        if (coherence != null) {
            coherence.property(json);
        }
        json.writeEndObject();
    }

    static JsonGenerator generator(PrintWriter out) {
        return JsonMapper.builder()
                .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
                .build()
                .createGenerator(out);
    }

    private static void start(JsonGenerator json, String host, String policy) {
        json.writeStartObject();
        json.writeNumberProperty("schema", SCHEMA);
        json.writeStringProperty("host", host);
        json.writeStringProperty("policy", policy);
    }

    private static void exit(JsonGenerator json, int code, String reason, String message) {
        json.writeObjectPropertyStart("exit");
        json.writeNumberProperty("code", code);
        json.writeStringProperty("reason", reason);
        json.writeStringProperty("message", message);
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, ProbeResult result) {
        ProbeOutcome actual = result.actual();
        json.writeStartObject();
        json.writeStringProperty("region", result.probe().region().word());
        json.writeStringProperty("access", result.probe().operation().word());
        json.writeStringProperty("s1", result.probe().stage1().word());
        json.writeStringProperty("outcome", actual.kind().word());
        nullable(
                json,
                "errno",
                actual.errno() == 0 ? null : Errno.render(actual.errno()).substring(1));
        nullable(json, "esr", actual.esr() == 0 ? null : Sizes.hex(actual.esr()));
        json.writeName("leaf");
        leaf(json, result.leaf());
        json.writeStringProperty("ipa", Sizes.hex(result.ipa()));
        json.writeStringProperty("predicted", result.predicted().kind().word());
        json.writeNumberProperty("agrees", result.agrees() ? 1 : 0);
        json.writeEndObject();
    }

    private static void nullable(JsonGenerator json, String name, @Nullable String value) {
        if (value == null) {
            json.writeNullProperty(name);
        } else {
            json.writeStringProperty(name, value);
        }
    }

    static void leaf(JsonGenerator json, LeafState leaf) {
        json.writeStartObject();
        json.writeNumberProperty("mapped", leaf.mapped() ? 1 : 0);
        if (leaf.mapped()) {
            json.writeNumberProperty("level", leaf.level());
            json.writeStringProperty("type", leaf.type());
            json.writeStringProperty("s2ap", leaf.s2ap());
            json.writeNumberProperty("xn", leaf.xn());
        }
        json.writeEndObject();
    }

    private static void stage2(JsonGenerator json, List<Stage2Row> rows) {
        json.writeArrayPropertyStart("stage2");
        for (Stage2Row row : rows) {
            json.writeStartObject();
            json.writeStringProperty("region", row.region());
            json.writeStringProperty("ipa", Sizes.hex(row.ipa()));
            json.writeStringProperty("size", Sizes.hex(row.size()));
            json.writeName("leaf");
            leaf(json, row.leaf());
            json.writeEndObject();
        }
        json.writeEndArray();
    }
}
