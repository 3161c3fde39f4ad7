package dev.ipanema.cli;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.vmm.explain.ExplainRequest;
import dev.ipanema.vmm.explain.Explanation;
import dev.ipanema.vmm.scenario.HostDescription;
import dev.ipanema.vmm.scenario.LeafState;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.databind.json.JsonMapper;

/// Explanations as JSON: `{"schema":1,"host":…,"question":{…},"explanations":[…]}`.
final class ExplanationJson {
    private ExplanationJson() {}

    static void write(
            PrintWriter out,
            String hostName,
            HostDescription host,
            ExplainRequest request,
            List<Explanation> explanations) {
        JsonMapper mapper = JsonMapper.builder()
                .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
                .build();
        try (JsonGenerator json = mapper.createGenerator(out)) {
            json.writeStartObject();
            json.writeNumberProperty("schema", 1);
            json.writeStringProperty("host", hostName);
            json.writeNumberProperty("fwb", host.fwb() ? 1 : 0);
            json.writeNumberProperty("dic", host.dic() ? 1 : 0);
            json.writeStringProperty("vma", request.vmFlags() == 0 ? "ordinary" : VmFlags.names(request.vmFlags()));
            json.writeStringProperty("attr", request.attribute().toString());
            json.writeStringProperty("backing", request.mapMemory() ? "ram" : "nomap");
            json.writeNumberProperty("slot_flags", request.slotFlags());
            json.writeStringProperty("access", request.access().word());
            json.writeArrayPropertyStart("explanations");
            for (Explanation each : explanations) {
                write(json, each);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        out.println();
    }

    private static void write(JsonGenerator json, Explanation each) {
        json.writeStartObject();
        json.writeStringProperty("policy", each.policy());
        json.writeObjectPropertyStart("slot");
        json.writeStringProperty("outcome", each.slotErrno() == 0 ? "accepted" : Errno.render(each.slotErrno()));
        json.writeNumberProperty("errno", -each.slotErrno());
        trail(json, each.slotTrail());
        json.writeEndObject();
        json.writeObjectPropertyStart("fault");
        json.writeStringProperty("outcome", each.fault());
        json.writeNumberProperty("errno", -each.errno());
        json.writeBooleanProperty("swapped_under_slot", each.swapped());
        leaf(json, each.leaf());
        trail(json, each.faultTrail());
        json.writeEndObject();
        json.writeEndObject();
    }

    private static void leaf(JsonGenerator json, LeafState leaf) {
        json.writeObjectPropertyStart("leaf");
        json.writeNumberProperty("mapped", leaf.mapped() ? 1 : 0);
        if (leaf.mapped()) {
            json.writeNumberProperty("level", leaf.level());
            json.writeStringProperty("type", leaf.type());
            json.writeStringProperty("s2ap", leaf.s2ap());
            json.writeNumberProperty("xn", leaf.xn());
        }
        json.writeEndObject();
    }

    private static void trail(JsonGenerator json, List<DecisionTrail.Step> steps) {
        json.writeArrayPropertyStart("trail");
        for (DecisionTrail.Step step : steps) {
            json.writeStartObject();
            json.writeStringProperty("kind", step.kind().name().toLowerCase(Locale.ROOT));
            json.writeStringProperty("subject", step.subject());
            json.writeStringProperty("value", step.value());
            json.writeStringProperty("source", step.source());
            json.writeEndObject();
        }
        json.writeEndArray();
    }
}
