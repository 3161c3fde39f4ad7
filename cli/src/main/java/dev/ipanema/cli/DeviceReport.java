package dev.ipanema.cli;

import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.vmm.boot.VirtMachine;
import dev.ipanema.vmm.passthrough.DeviceStatus;
import dev.ipanema.vmm.probe.Stage2Row;
import dev.ipanema.vmm.scenario.LeafState;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// The table of `ipanema smi`, and its JSON, schema 1: `{"schema","host","policy","devices"}`, `"migration"`
/// when it was asked for, and `"coherence"` when caches were modelled.
///
/// @param obstacles what keeps the guest from the target
record DeviceReport(
        String host,
        String policy,
        List<DeviceStatus> devices,
        @Nullable Target target,
        List<DeviceStatus.Refusal> obstacles) {
    private static final int SCHEMA = 1;
    private static final double NANOS_PER_MILLI = 1e6;

    /// A host that the guest might move to.
    record Target(HostProfile host, KernelVersion version) {}

    /// {@return the report of a machine whose guest has ended}
    static DeviceReport of(String host, KernelVersion version, VirtMachine vm, @Nullable Target target) {
        return new DeviceReport(
                host,
                version.name(),
                vm.deviceStatus(),
                target,
                target == null ? List.of() : vm.migrationObstacles(target.host(), target.version()));
    }

    /// {@return whether it was asked for, and something keeps the guest from moving}
    boolean keepsTheGuestHere() {
        return !obstacles.isEmpty();
    }

    /// Writes it.
    ///
    /// @param coherence what was found in modelled caches, for JSON; null when they were not
    void write(PrintWriter out, boolean asJson, @Nullable CoherenceJson coherence) {
        if (asJson) {
            json(out, coherence);
        } else {
            text(out);
        }
    }

    /// Leaves that are alike.
    ///
    /// @param leaf bytes of one
    private record Mapped(String type, String s2ap, int xn, long leaf) implements Comparable<Mapped> {
        private static final Comparator<Mapped> ORDER = Comparator.comparing(Mapped::type)
                .thenComparing(Mapped::leaf, Comparator.reverseOrder())
                .thenComparing(Mapped::s2ap)
                .thenComparingInt(Mapped::xn);

        @Override
        public int compareTo(Mapped other) {
            return ORDER.compare(this, other);
        }
    }

    private static Map<Mapped, Long> mapped(DeviceStatus.Slot slot) {
        Map<Mapped, Long> sums = new TreeMap<>();
        for (Stage2Row row : slot.stage2()) {
            LeafState state = row.leaf();
            long leaf = Granule.K4.levelSize(state.level());
            sums.merge(new Mapped(state.type(), state.s2ap(), state.xn(), leaf), row.size(), Long::sum);
        }
        return sums;
    }

    private void text(PrintWriter out) {
        out.printf(
                "%s, %s: %d %s of the host in the guest%n",
                host, policy, devices.size(), devices.size() == 1 ? "device" : "devices");
        devices.forEach(device -> text(out, device));
        if (target != null) {
            out.printf(
                    "%nmigration to %s, %s: %s%n",
                    target.host().name(), target.version().name(), obstacles.isEmpty() ? "possible" : "refused");
            for (DeviceStatus.Refusal obstacle : obstacles) {
                // Its one line says why; the trails are in the JSON.
                out.printf("  %s%n", obstacle.what());
            }
        }
    }

    private static void text(PrintWriter out, DeviceStatus device) {
        out.printf("%n%s  %04x:%04x  driver %s%n", device.bdf(), device.vendor(), device.device(), device.driver());
        out.printf(
                "  memory   %s%n",
                device.coherentBytes() == 0
                        ? "none that is coherent" + (device.trouble().isEmpty() ? "" : ": " + device.trouble())
                        : Sizes.format(device.coherentBytes()) + " coherent");
        for (DeviceStatus.Bar bar : device.bars()) {
            out.printf(
                    "  BAR %d    %-5s %s%s%n",
                    bar.index(),
                    Sizes.format(bar.size()),
                    bar.address() < 0 ? "answers nowhere" : "at " + Sizes.hex(bar.address()),
                    bar.mapped() == 0
                            ? ", each access exits"
                            : bar.mapped() == bar.size()
                                    ? ""
                                    : ", memory behind the first " + Sizes.format(bar.mapped()));
        }
        for (DeviceStatus.Slot slot : device.slots()) {
            out.printf(
                    "  slot %-3d %s +%s  %s%n",
                    slot.id(), Sizes.hex(slot.ipa()), Sizes.format(slot.size()), slot.what());
            out.printf("           VMA %s%n", slot.vma());
            List<String> parts = new ArrayList<>();
            mapped(slot)
                    .forEach((kind, bytes) -> parts.add("%s %s%s, %s in leaves of %s"
                            .formatted(
                                    kind.type(),
                                    kind.s2ap(),
                                    kind.xn() == 0 ? "X" : " XN=" + kind.xn(),
                                    Sizes.format(bytes),
                                    Sizes.format(kind.leaf()))));
            out.printf(
                    "           stage 2: %s; %d faults in %.3f ms%n",
                    parts.isEmpty() ? "nothing mapped" : String.join("; ", parts),
                    slot.faults(),
                    slot.nanos() / NANOS_PER_MILLI);
        }
        for (DeviceStatus.Window window : device.hidden()) {
            out.printf(
                    "  hidden   %s +%s  %s, under another slot%n",
                    Sizes.hex(window.ipa()), Sizes.format(window.size()), window.what());
        }
        for (DeviceStatus.Refusal refusal : device.refusals()) {
            out.printf("  refused  %s%n", refusal.what());
            refusal.reasons().lines().forEach(line -> out.printf("             %s%n", line));
        }
    }

    private void json(PrintWriter out, @Nullable CoherenceJson coherence) {
        try (JsonGenerator json = RunJson.generator(out)) {
            json.writeStartObject();
            json.writeNumberProperty("schema", SCHEMA);
            json.writeStringProperty("host", host);
            json.writeStringProperty("policy", policy);
            json.writeArrayPropertyStart("devices");
            devices.forEach(device -> json(json, device));
            json.writeEndArray();
            if (target != null) {
                json.writeObjectPropertyStart("migration");
                json.writeStringProperty("host", target.host().name());
                json.writeStringProperty("policy", target.version().name());
                json(json, "obstacles", obstacles);
                json.writeEndObject();
            }
            if (coherence != null) {
                coherence.property(json);
            }
            json.writeEndObject();
        }
        out.println();
    }

    private static void json(JsonGenerator json, DeviceStatus device) {
        json.writeStartObject();
        json.writeStringProperty("bdf", device.bdf());
        json.writeNumberProperty("vendor", device.vendor());
        json.writeNumberProperty("device", device.device());
        json.writeStringProperty("driver", device.driver());
        json.writeStringProperty("trouble", device.trouble());
        json.writeNumberProperty("coherent", device.coherentBytes());
        json.writeArrayPropertyStart("bars");
        for (DeviceStatus.Bar bar : device.bars()) {
            json.writeStartObject();
            json.writeNumberProperty("index", bar.index());
            json.writeNumberProperty("size", bar.size());
            json.writeNumberProperty("mapped", bar.mapped());
            json.writeStringProperty("address", bar.address() < 0 ? "" : Sizes.hex(bar.address()));
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayPropertyStart("slots");
        device.slots().forEach(slot -> json(json, slot));
        json.writeEndArray();
        json.writeArrayPropertyStart("hidden");
        for (DeviceStatus.Window window : device.hidden()) {
            json.writeStartObject();
            json.writeStringProperty("what", window.what());
            json.writeStringProperty("ipa", Sizes.hex(window.ipa()));
            json.writeNumberProperty("size", window.size());
            json.writeEndObject();
        }
        json.writeEndArray();
        json(json, "refusals", device.refusals());
        json.writeEndObject();
    }

    private static void json(JsonGenerator json, String name, List<DeviceStatus.Refusal> refusals) {
        json.writeArrayPropertyStart(name);
        for (DeviceStatus.Refusal refusal : refusals) {
            json.writeStartObject();
            json.writeStringProperty("what", refusal.what());
            json.writeStringProperty("reasons", refusal.reasons());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void json(JsonGenerator json, DeviceStatus.Slot slot) {
        json.writeStartObject();
        json.writeNumberProperty("id", slot.id());
        json.writeStringProperty("what", slot.what());
        json.writeStringProperty("ipa", Sizes.hex(slot.ipa()));
        json.writeNumberProperty("size", slot.size());
        json.writeStringProperty("vma", slot.vma());
        json.writeNumberProperty("faults", slot.faults());
        json.writeNumberProperty("nanos", slot.nanos());
        json.writeArrayPropertyStart("mapped");
        mapped(slot).forEach((kind, bytes) -> {
            json.writeStartObject();
            json.writeStringProperty("type", kind.type());
            json.writeStringProperty("s2ap", kind.s2ap());
            json.writeNumberProperty("xn", kind.xn());
            json.writeNumberProperty("leaf", kind.leaf());
            json.writeNumberProperty("bytes", bytes);
            json.writeEndObject();
        });
        json.writeEndArray();
        json.writeEndObject();
    }
}
