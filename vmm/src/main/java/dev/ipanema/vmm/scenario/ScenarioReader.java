package dev.ipanema.vmm.scenario;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.guests.program.Operation;
import dev.ipanema.guests.program.Stage1;
import dev.ipanema.vmm.scenario.AddressExpression.Base;
import dev.ipanema.vmm.scenario.MappingKind.Attribute;
import dev.ipanema.vmm.scenario.MappingKind.Backing;
import dev.ipanema.vmm.scenario.MappingKind.Pages;
import dev.ipanema.vmm.scenario.MappingKind.Populate;
import dev.ipanema.vmm.scenario.MappingKind.Protection;
import dev.ipanema.vmm.scenario.MappingKind.Source;
import dev.ipanema.vmm.scenario.MappingKind.VmaFlag;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// Makes scenarios from JSON objects of format version 1 (docs/scenario-format.md).
///
/// What the format does not know is collected by name and makes the scenario unsupported; what is malformed is
/// refused with its place.
final class ScenarioReader {
    private static final int MAX_STEPS = 10_000;

    private ScenarioReader() {}

    /// @param place the file and line, for messages
    static Scenario read(JsonNode node, String place) {
        List<String> unsupported = new ArrayList<>();
        Fields fields = new Fields(node, place, unsupported);
        String id = fields.text("id");
        if (id.chars().anyMatch(Character::isISOControl)) {
            throw new BadInput(place + ".id contains control characters");
        }
        String kernel = fields.text("kernel");
        HostDescription host = host(fields.object("host"));
        List<Fields> objects = fields.objects("steps");
        if (objects.isEmpty()) {
            throw new BadInput(place + ".steps is empty: there is nothing to run");
        }
        if (objects.size() > MAX_STEPS) {
            throw new BadInput(place + ".steps has " + objects.size() + " steps, more than " + MAX_STEPS);
        }
        List<Step> steps = new ArrayList<>(objects.size());
        for (Fields object : objects) {
            Step step = step(object);
            object.finish();
            if (step != null) {
                steps.add(step);
            }
        }
        fields.finish();
        return new Scenario(id, kernel, host, steps, unsupported, place);
    }

    private static HostDescription host(Fields fields) {
        HostDescription host = new HostDescription(
                fields.text("cpu"),
                fields.integer("pa_bits"),
                fields.bit("fwb"),
                fields.bit("dic"),
                fields.bit("idc"),
                fields.bit("vm_mte"));
        fields.finish();
        return host;
    }

    private static @Nullable Step step(Fields fields) {
        String name = fields.text("do");
        return switch (name) {
            case "mmap" -> mmap(fields);
            case "set_user_memory_region" -> setUserMemoryRegion(fields);
            case "run" -> run(fields);
            case "leaf" -> leafStep(fields);
            case "get_dirty_log" -> getDirtyLog(fields);
            case "munmap" ->
                new Step.Munmap(address(fields, "hva"), fields.number("size"), expectedInteger(fields, "rc"));
            case "mprotect" -> mprotect(fields);
            case "vcpu_init" -> new Step.VcpuInit(expectedInteger(fields, "rc"));
            case "enable_cap" -> enableCap(fields);
            case "check_extension" -> checkExtension(fields);
            default -> {
                fields.unsupportedValue("do", name);
                yield null;
            }
        };
    }

    private static @Nullable Step mmap(Fields fields) {
        String label = fields.text("vma");
        OptionalLong window = OptionalLong.empty();
        String at = fields.optionalText("at");
        if (at != null) {
            AddressExpression address = parseAddress(fields, "at", at);
            if (address.base() != Base.WINDOW) {
                throw new BadInput(fields.place() + ".at: '" + at + "' is not S or S+offset");
            }
            window = OptionalLong.of(address.offset());
        }
        MappingKind kind = kind(fields.object("kind"));
        return kind == null ? null : new Step.Mmap(label, kind, window);
    }

    private static @Nullable MappingKind kind(Fields fields) {
        Source source = fields.word("source", Source.class);
        Backing backing = fields.word("backing", Backing.class);
        Boolean shared = switch (fields.text("share")) {
            case "shared" -> true;
            case "private" -> false;
            default -> {
                fields.unsupportedValue("share", fields.text("share"));
                yield null;
            }
        };
        Protection prot = protection(fields);
        Attribute vmPageProt = fields.word("vm_page_prot", Attribute.class);
        Attribute pteProt = fields.has("pte_prot") ? fields.word("pte_prot", Attribute.class) : null;
        Populate populate = fields.has("populate") ? fields.word("populate", Populate.class) : null;
        Pages pages = fields.has("pages") ? fields.word("pages", Pages.class) : null;
        Set<VmaFlag> flags = EnumSet.noneOf(VmaFlag.class);
        for (String text : fields.texts("vm_flags")) {
            VmaFlag flag = fields.word("vm_flags", text, VmaFlag.class);
            if (flag != null) {
                flags.add(flag);
            }
        }
        String name = fields.text("name");
        long size = fields.number("size");
        long align = size(fields, "align");
        long leaf = size(fields, "leaf");
        OptionalLong phys = fields.optionalNumber("phys");
        OptionalLong vmPgoff = fields.optionalNumber("vm_pgoff");
        fields.finish();
        if (source == null || backing == null || shared == null || prot == null || vmPageProt == null) {
            return null;
        }
        return new MappingKind(
                name,
                source,
                backing,
                size,
                shared,
                prot,
                align,
                leaf,
                phys,
                vmPgoff,
                vmPageProt,
                pteProt,
                flags,
                populate,
                pages);
    }

    private static long size(Fields fields, String name) {
        long size = Sizes.parse(fields.place() + "." + name, fields.text(name));
        if (Long.bitCount(size) != 1) {
            throw new BadInput(fields.place() + "." + name + " is not a power of two");
        }
        return size;
    }

    private static @Nullable Protection protection(Fields fields) {
        String text = fields.text("prot");
        if (text.equals("none")) {
            return new Protection(false, false, false);
        }
        for (int i = 0; i < text.length(); i++) {
            if ("rwx".indexOf(text.charAt(i)) < 0) {
                fields.unsupportedValue("prot", text);
                return null;
            }
        }
        return new Protection(text.contains("r"), text.contains("w"), text.contains("x"));
    }

    private static Step setUserMemoryRegion(Fields fields) {
        return new Step.SetUserMemoryRegion(
                fields.integer("slot"),
                fields.integer("flags"),
                fields.number("ipa"),
                fields.number("size"),
                address(fields, "hva"),
                expectedInteger(fields, "errno"));
    }

    private static @Nullable Step run(Fields fields) {
        String op = fields.text("op");
        Operation operation = Operation.of(op);
        if (operation == null) {
            fields.unsupportedValue("op", op);
        }
        String s1 = fields.text("s1");
        Stage1 stage1 = Stage1.of(s1);
        if (stage1 == null) {
            fields.unsupportedValue("s1", s1);
        }
        long ipa = fields.number("ipa");
        RunExpectation expect = runExpectation(fields.optionalObject("expect"));
        return operation == null || stage1 == null ? null : new Step.Run(operation, stage1, ipa, expect);
    }

    private static RunExpectation runExpectation(@Nullable Fields fields) {
        if (fields == null) {
            return new RunExpectation(null, null, null, null, OptionalLong.empty(), null, null);
        }
        List<Long> result = fields.has("result") ? fields.numbers("result") : null;
        if (result != null && result.size() != 2) {
            throw new BadInput(fields.place() + ".result has " + result.size() + " registers, not 2");
        }
        RunExpectation.GuestException exception = null;
        Fields guest = fields.optionalObject("guest_exception");
        if (guest != null) {
            exception = new RunExpectation.GuestException(
                    guest.optionalInteger("ec"), guest.optionalInteger("fsc"), guest.optionalNumber("far"));
            guest.finish();
        }
        RunExpectation.KvmRun kvmRun = null;
        Fields kvm = fields.optionalObject("kvm_run");
        if (kvm != null) {
            kvmRun = new RunExpectation.KvmRun(kvm.optionalInteger("errno"), kvm.optionalInteger("exit_reason"));
            kvm.finish();
        }
        List<RunExpectation.Mmio> mmio = fields.has("mmio") ? mmio(fields) : null;
        OptionalLong memory = fields.optionalNumber("memory");
        Fields leafFields = fields.optionalObject("leaf");
        LeafExpectation leaf = leafFields == null ? null : leaf(leafFields);
        List<String> calls = fields.has("stage2_calls") ? fields.texts("stage2_calls") : null;
        fields.finish();
        return new RunExpectation(result, exception, kvmRun, mmio, memory, leaf, calls);
    }

    private static List<RunExpectation.Mmio> mmio(Fields fields) {
        List<RunExpectation.Mmio> exits = new ArrayList<>();
        for (Fields exit : fields.objects("mmio")) {
            exits.add(new RunExpectation.Mmio(
                    exit.optionalNumber("ipa"), exit.optionalInteger("len"), exit.optionalInteger("write")));
            exit.finish();
        }
        return exits;
    }

    private static Step leafStep(Fields fields) {
        LeafExpectation expect = null;
        Fields expected = fields.optionalObject("expect");
        if (expected != null) {
            Fields leaf = expected.optionalObject("leaf");
            expect = leaf == null ? null : leaf(leaf);
            expected.finish();
        }
        if (expect == null) {
            expect = new LeafExpectation(OptionalInt.empty(), OptionalInt.empty(), null, null, OptionalInt.empty());
        }
        return new Step.Leaf(fields.number("ipa"), expect);
    }

    private static LeafExpectation leaf(Fields fields) {
        LeafExpectation leaf = new LeafExpectation(
                fields.optionalInteger("mapped"),
                fields.optionalInteger("level"),
                fields.optionalText("type"),
                fields.optionalText("s2ap"),
                fields.optionalInteger("xn"));
        fields.finish();
        return leaf;
    }

    private static Step getDirtyLog(Fields fields) {
        int slot = fields.integer("slot");
        Fields expect = fields.optionalObject("expect");
        if (expect == null) {
            return new Step.GetDirtyLog(slot, OptionalInt.empty(), OptionalLong.empty(), OptionalLong.empty());
        }
        Step step = new Step.GetDirtyLog(
                slot, expect.optionalInteger("errno"), expect.optionalNumber("count"), expect.optionalNumber("first"));
        expect.finish();
        return step;
    }

    private static @Nullable Step mprotect(Fields fields) {
        AddressExpression hva = address(fields, "hva");
        long size = fields.number("size");
        Protection prot = protection(fields);
        OptionalInt rc = expectedInteger(fields, "rc");
        return prot == null ? null : new Step.Mprotect(hva, size, prot, rc);
    }

    private static Step enableCap(Fields fields) {
        long argument = 0;
        if (fields.has("args")) {
            List<Long> arguments = fields.numbers("args");
            argument = arguments.isEmpty() ? 0 : arguments.getFirst();
            if (arguments.size() > 1) {
                fields.unsupportedValue("args", arguments.toString());
            }
        }
        return new Step.EnableCap(
                fields.integer("cap"),
                fields.optionalInteger("flags").orElse(0),
                argument,
                expectedInteger(fields, "rc"));
    }

    private static @Nullable Step checkExtension(Fields fields) {
        String fd = fields.text("fd");
        int cap = fields.integer("cap");
        OptionalInt rc = expectedInteger(fields, "rc");
        return switch (fd) {
            case "system" -> new Step.CheckExtension(true, cap, rc);
            case "vm" -> new Step.CheckExtension(false, cap, rc);
            default -> {
                fields.unsupportedValue("fd", fd);
                yield null;
            }
        };
    }

    /// The one number that a step's `expect` may hold.
    private static OptionalInt expectedInteger(Fields fields, String name) {
        Fields expect = fields.optionalObject("expect");
        if (expect == null) {
            return OptionalInt.empty();
        }
        OptionalInt value = expect.optionalInteger(name);
        expect.finish();
        return value;
    }

    private static AddressExpression address(Fields fields, String name) {
        return parseAddress(fields, name, fields.text(name));
    }

    private static AddressExpression parseAddress(Fields fields, String name, String text) {
        String place = fields.place() + "." + name;
        if (text.startsWith("0x")) {
            return new AddressExpression(Base.ABSOLUTE, "", Sizes.parseNumber(place, text));
        }
        int plus = text.indexOf('+');
        String label = plus < 0 ? text : text.substring(0, plus);
        long offset = plus < 0 ? 0 : Sizes.parseNumber(place, text.substring(plus + 1));
        if (label.isEmpty()) {
            throw new BadInput(place + ": '" + text + "' is not a label, S, label+offset or an address");
        }
        return label.equals("S")
                ? new AddressExpression(Base.WINDOW, "", offset)
                : new AddressExpression(Base.MAPPING, label, offset);
    }
}
