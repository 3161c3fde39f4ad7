/// Commands, rendering, the launcher's main.
@org.jspecify.annotations.NullMarked
module dev.ipanema.cli {
    requires dev.ipanema.vmm;
    requires dev.ipanema.images;
    requires dev.ipanema.guests;
    requires info.picocli;
    requires tools.jackson.databind;
    requires static transitive org.jspecify;

    opens dev.ipanema.cli to
            info.picocli;
}
