package dev.ipanema.cli;

import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.vmm.coherence.CachesOption;
import dev.ipanema.vmm.coherence.CoherenceReport;
import dev.ipanema.vmm.demo.DemoPart;
import dev.ipanema.vmm.demo.DemoReport;
import dev.ipanema.vmm.demo.DemoStep;
import java.io.PrintWriter;
import tools.jackson.core.JsonGenerator;

/// Demonstrations as JSON, schema 1: `{"schema","demo","host",…,"parts","notes","defect"}`. What
/// was found in a part is its property `coherence`, as [CoherenceJson] has it.
final class DemoJson {
    private DemoJson() {}

    /// @param again the command that was given
    static void write(PrintWriter out, DemoReport report, Again again) {
        try (JsonGenerator json = RunJson.generator(out)) {
            json.writeStartObject();
            json.writeNumberProperty("schema", 1);
            json.writeStringProperty("demo", report.demo());
            json.writeStringProperty("host", report.host());
            json.writeStringProperty("cpu", report.cpu().name());
            json.writeNumberProperty("fwb", report.has(CpuFeature.FWB) ? 1 : 0);
            json.writeNumberProperty("dic", report.has(CpuFeature.DIC) ? 1 : 0);
            json.writeNumberProperty("idc", report.idc() ? 1 : 0);
            json.writeStringProperty("policy", report.kernel());
            json.writeStringProperty("caches", report.caches() == null ? "off" : CachesOption.policy(report.caches()));
            json.writeArrayPropertyStart("parts");
            report.parts().forEach(part -> part(json, part, again));
            json.writeEndArray();
            json.writeArrayPropertyStart("notes");
            report.notes().forEach(json::writeString);
            json.writeEndArray();
            json.writeNumberProperty("defect", report.defect() ? 1 : 0);
            json.writeEndObject();
        }
        out.println();
    }

    private static void part(JsonGenerator json, DemoPart part, Again again) {
        json.writeStartObject();
        json.writeStringProperty("title", part.title());
        json.writeArrayPropertyStart("steps");
        for (DemoStep step : part.steps()) {
            json.writeStartObject();
            json.writeStringProperty("who", step.who());
            json.writeStringProperty("what", step.what());
            json.writeStringProperty("type", step.type());
            json.writeStringProperty("seen", step.seen());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayPropertyStart("trail");
        for (DecisionTrail.Step reason : part.reasons()) {
            json.writeString(reason.toString());
        }
        json.writeEndArray();
        CoherenceReport found = part.found();
        if (found != null) {
            new CoherenceJson(found, _ -> again).property(json);
        }
        json.writeStringProperty("outcome", part.outcome());
        json.writeNumberProperty("defect", part.defect() ? 1 : 0);
        json.writeEndObject();
    }
}
