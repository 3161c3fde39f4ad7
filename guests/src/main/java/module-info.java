/// Bare-metal guest programs, written with the assembler of `arm`.
@org.jspecify.annotations.NullMarked
module dev.ipanema.guests {
    requires transitive dev.ipanema.arm;
    requires static transitive org.jspecify;

    exports dev.ipanema.guests.program;
}
