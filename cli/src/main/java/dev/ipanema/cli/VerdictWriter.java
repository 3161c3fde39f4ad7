package dev.ipanema.cli;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.vmm.scenario.Disagreement;
import dev.ipanema.vmm.scenario.Replay;
import dev.ipanema.vmm.scenario.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/// Writes the verdicts of a replay as JSON: `{"schema":1,"scenarios":[…],"replayed":…,"agreed":…}`.
final class VerdictWriter implements AutoCloseable {
    private final @Nullable JsonGenerator generator;

    private VerdictWriter(@Nullable JsonGenerator generator) {
        this.generator = generator;
    }

    /// {@return a writer that writes nothing}
    static VerdictWriter none() {
        return new VerdictWriter(null);
    }

    /// {@return a writer to a file, which is replaced}
    static VerdictWriter to(Path path) {
        try {
            JsonGenerator generator = new JsonMapper().createGenerator(Files.newOutputStream(path));
            generator.writeStartObject();
            generator.writeNumberProperty("schema", 1);
            generator.writeArrayPropertyStart("scenarios");
            return new VerdictWriter(generator);
        } catch (IOException e) {
            throw new BadInput(path + ": cannot be written (" + e.getMessage() + ")");
        }
    }

    void add(Verdict verdict) {
        if (generator == null) {
            return;
        }
        generator.writeStartObject();
        generator.writeStringProperty("id", verdict.id());
        generator.writeStringProperty("policy", verdict.policy());
        generator.writeStringProperty("status", verdict.status().name().toLowerCase(Locale.ROOT));
        if (!verdict.unsupported().isEmpty()) {
            generator.writeArrayPropertyStart("unsupported");
            for (String item : verdict.unsupported()) {
                generator.writeString(item);
            }
            generator.writeEndArray();
        }
        if (!verdict.disagreements().isEmpty()) {
            generator.writeArrayPropertyStart("disagreements");
            for (Disagreement each : verdict.disagreements()) {
                add(generator, each);
            }
            generator.writeEndArray();
        }
        generator.writeEndObject();
    }

    private static void add(JsonGenerator generator, Disagreement each) {
        generator.writeStartObject();
        generator.writeNumberProperty("step", each.step());
        generator.writeStringProperty("do", each.word());
        generator.writeStringProperty("field", each.field());
        generator.writeStringProperty("expected", each.expected());
        generator.writeStringProperty("got", each.got());
        generator.writeArrayPropertyStart("trail");
        each.trail().lines().forEach(generator::writeString);
        generator.writeEndArray();
        generator.writeEndObject();
    }

    /// Writes the counts, which end the file.
    void finish(Replay.Totals totals) {
        if (generator == null) {
            return;
        }
        generator.writeEndArray();
        generator.writeNumberProperty("replayed", totals.replayed());
        generator.writeNumberProperty("agreed", totals.agreed());
        generator.writeNumberProperty("disagreed", totals.disagreed());
        generator.writeNumberProperty("unsupported", totals.unsupported());
        generator.writeEndObject();
    }

    @Override
    public void close() {
        if (generator != null) {
            generator.close();
        }
    }
}
