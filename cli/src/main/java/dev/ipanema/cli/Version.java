package dev.ipanema.cli;

/// The version of this build.
final class Version {
    private Version() {}

    /// {@return the version from the archive's manifest, `development` when the classes stand in a folder}
    static String text() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
