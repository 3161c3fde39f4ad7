package dev.ipanema.cli;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.kvm.version.KernelVersion;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options that say which host a command simulates.
final class HostOptions {
    private static final String USUAL = "gb200";

    @Option(names = "--host", paramLabel = "H", description = "Host profile (default: gb200).")
    private @Nullable String host;

    @Option(names = "--cpu", paramLabel = "M", description = "Another CPU for the host: cortex-a76+dic, max-fwb, …")
    private @Nullable String cpu;

    @Option(names = "--policy", paramLabel = "P", description = "Kernel version to follow (default: linux-7.3).")
    private @Nullable String policy;

    @Option(names = "--gpu-memory", paramLabel = "SIZE", description = "Memory of the GPU (default: the host's).")
    private @Nullable String gpuMemory;

    @Option(names = "--gpus", paramLabel = "N", description = "How many GPUs the host has (default: 1).")
    private @Nullable String gpus;

    @Option(
            names = "--max-memory",
            paramLabel = "SIZE",
            description = "Memory of this machine that the simulated one may touch (default: three quarters).")
    private @Nullable String maxMemory;

    /// {@return the host as the user spelled it}
    String name() {
        return host == null ? USUAL : host;
    }

    /// {@return whether the options say what GPUs the host has}
    boolean describesGpus() {
        return gpus != null || gpuMemory != null;
    }

    /// {@return the kernel version that KVM follows}
    KernelVersion version() {
        return policy == null ? KernelVersion.newest() : KernelVersion.parse(policy);
    }

    /// {@return a builder of the host}
    ///
    /// @throws BadInput when an option has a value that is not possible
    Host.Builder builder() {
        return builder(profile());
    }

    /// {@return what kind of host it is}
    ///
    /// @throws BadInput when an option has a value that is not possible
    HostProfile profile() {
        return profile(name());
    }

    /// {@return what kind of host it is}
    ///
    /// @param unlessGiven the one that it is without an option
    /// @throws BadInput when an option has a value that is not possible
    HostProfile profile(String unlessGiven) {
        HostProfile profile = HostProfile.parse(host == null ? unlessGiven : host);
        if (cpu != null) {
            profile = profile.withCpu(CpuModel.parse(cpu));
        }
        if (gpuMemory != null) {
            profile = profile.withGpuMemory(Sizes.parse("--gpu-memory", gpuMemory));
        }
        if (gpus != null) {
            profile = profile.withGpuCount((int) Math.min(Sizes.parseNumber("--gpus", gpus), Integer.MAX_VALUE));
        }
        return profile;
    }

    /// {@return a builder of a host of a kind}
    ///
    /// @throws BadInput when an option has a value that is not possible
    Host.Builder builder(HostProfile profile) {
        Host.Builder builder = Host.builder(profile);
        if (maxMemory != null) {
            long limit = Sizes.parse("--max-memory", maxMemory);
            if (limit < Sizes.MIB) {
                throw new BadInput("--max-memory: at least 1M is needed, not " + maxMemory);
            }
            builder.maxResident(limit);
        }
        return builder;
    }
}
