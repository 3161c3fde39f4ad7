package dev.ipanema.cli;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.images.catalog.Guest;
import dev.ipanema.images.catalog.GuestCache;
import dev.ipanema.images.catalog.GuestCache.Kept;
import dev.ipanema.images.debian.FetchProgress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.databind.json.JsonMapper;

/// `ipanema guests`: kernels, an initial RAM disk and firmware from Debian's archive, by name.
@CommandLine.Command(
        name = "guests",
        description = "Fetch guests by name from Debian's arm64 archive: kernels, an initial RAM disk with busybox,"
                + " firmware. The mirror is the machine's own; nothing of its apt is changed.",
        footer = {
            "guests list             what there is, and what has been fetched",
            "guests fetch NAME…      fetch, or renew; prints the path of each",
            "guests path NAME        the path of what has been fetched; parts: linux-6.12-modules, edk2-vars, …",
            "The cache is ~/.cache/ipanema, or IPANEMA_CACHE.%n"
        })
final class GuestsCommand extends Command {
    private static final int SCHEMA = 1;

    @Parameters(index = "0", paramLabel = "list|fetch|path", description = "What to do.")
    private String action = "";

    @Parameters(index = "1..*", arity = "0..*", paramLabel = "NAME", description = "A guest of the list.")
    private List<String> names = new ArrayList<>();

    @Option(names = "--json", description = "With list: print JSON.")
    private boolean json;

    private final GuestCache cache;
    private final GuestCache.Archive archive;
    private final BooleanSupplier terminal;

    GuestsCommand() {
        this(
                GuestCache.ofUser(System.getenv(), Path.of(System.getProperty("user.home", "."))),
                GuestCache.Archive.installed(),
                Command::interactive);
    }

    GuestsCommand(GuestCache cache, GuestCache.Archive archive, BooleanSupplier terminal) {
        this.cache = cache;
        this.archive = archive;
        this.terminal = terminal;
    }

    @Override
    boolean takeSimple(String[] arguments) {
        if (arguments.length == 0 || List.of(arguments).stream().anyMatch(each -> each.startsWith("-"))) {
            return false;
        }
        action = arguments[0];
        names = List.of(arguments).subList(1, arguments.length);
        return true;
    }

    @Override
    public Integer call() {
        if (json && !action.equals("list")) {
            throw new BadInput("--json goes with guests list");
        }
        switch (action) {
            case "list" -> list();
            case "fetch" -> fetch();
            case "path" -> path();
            default -> throw new BadInput("guests " + action + ": list, fetch NAME and path NAME are possible");
        }
        return 0;
    }

    private void list() {
        if (!names.isEmpty()) {
            throw new BadInput("guests list takes no names");
        }
        if (json) {
            listJson();
            return;
        }
        out().printf("%-12s%-30s %s%n", "NAME", "FETCHED", "WHAT");
        for (Guest guest : Guest.all()) {
            out().printf(
                            "%-12s%-30s %s%n",
                            guest.name(), cache.find(guest).map(Kept::version).orElse("-"), guest.description());
        }
    }

    private void listJson() {
        try (JsonGenerator generator = JsonMapper.builder()
                .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
                .build()
                .createGenerator(out())) {
            generator.writeStartObject();
            generator.writeNumberProperty("schema", SCHEMA);
            generator.writeStringProperty("cache", cache.root().toString());
            generator.writeArrayPropertyStart("guests");
            for (Guest guest : Guest.all()) {
                write(generator, guest, cache.find(guest));
            }
            generator.writeEndArray();
            generator.writeEndObject();
        }
        out().println();
    }

    private static void write(JsonGenerator generator, Guest guest, Optional<Kept> kept) {
        generator.writeStartObject();
        generator.writeStringProperty("name", guest.name());
        generator.writeStringProperty("description", guest.description());
        generator.writeName("version");
        kept.ifPresentOrElse(found -> generator.writeString(found.version()), generator::writeNull);
        generator.writeObjectPropertyStart("files");
        kept.ifPresent(found -> {
            for (Map.Entry<String, String> part : new TreeMap<>(guest.parts()).entrySet()) {
                generator.writeStringProperty(
                        guest.name() + part.getKey(),
                        found.file(part.getValue()).toString());
            }
        });
        generator.writeEndObject();
        generator.writeEndObject();
    }

    private void fetch() {
        if (names.isEmpty()) {
            throw new BadInput("guests fetch: which one? See ipanema guests list");
        }
        List<Guest.Part> parts = names.stream().map(Guest::part).toList();
        for (Guest.Part part : parts) {
            Kept kept = cache.fetch(part.guest(), archive, progress());
            out().println(kept.file(part.file()));
            out().flush();
        }
    }

    private FetchProgress progress() {
        boolean shown = terminal.getAsBoolean();
        return new FetchProgress() {
            @Override
            public void doing(String sentence) {
                if (shown) {
                    warn(sentence + " …");
                }
            }

            @Override
            public void warn(String sentence) {
                err().println("ipanema: " + sentence);
                err().flush();
            }
        };
    }

    private void path() {
        if (names.size() != 1) {
            throw new BadInput("guests path takes one name");
        }
        Guest.Part part = Guest.part(names.getFirst());
        Kept kept = cache.find(part.guest())
                .orElseThrow(() -> new BadInput(
                        part.guest().name() + " has not been fetched: ipanema guests fetch "
                                + part.guest().name(),
                        BadInput.FINDING));
        out().println(kept.file(part.file()));
    }
}
