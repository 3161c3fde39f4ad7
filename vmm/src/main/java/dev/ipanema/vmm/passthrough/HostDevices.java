package dev.ipanema.vmm.passthrough;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.devices.gpu.GpuModel;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.vmm.device.KeyValues;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// The options that give a guest devices of its host, and the host its GPUs.
///
/// | option | device |
/// |---|---|
/// | `vfio,host=BDF[,no-snoop][,identity-map][,force]` | the host's device as a PCI function |
/// | `coherent-gpu[,memory=SIZE][,model=MODEL][,link=down][,training=never][,no-snoop][,identity-map][,force]` | the
/// host has this
/// GPU, the first such option its first one and so on, and the guest is given it as a PCI function |
/// | `coherent-memory[,host=BDF][,node=N][,size=SIZE][,as=ram][,force]` | the memory of the host's GPU, by default its
/// first, as RAM of the guest on NUMA node N (1), described by the device tree; with `as=pmem` as a region of
/// persistent
/// memory |
///
/// With `no-snoop` the device's DMA passes the processors' caches by. `identity-map` presets the BAR of the coherent
/// memory to its host-physical address. `force` passes over a missing
/// capability of KVM.
public final class HostDevices {
    private static final Set<String> KINDS = Set.of("vfio", "coherent-gpu", "coherent-memory");
    private static final String BDF = "[0-9a-fA-F]{4}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-7]";
    private static final String DEFAULT_BDF = "0000:01:00.0";
    private static final int MAX_NODE = 63;
    private static final long MEMORY_STEP = 2 * Sizes.MIB;

    private final List<HostDevice> devices = new ArrayList<>();
    private final List<HostProfile.Gpu> gpus = new ArrayList<>();
    private final Set<String> withoutSnooping = new HashSet<>();

    /// {@return whether an option asks for a device of the host}
    public static boolean isOne(String text) {
        int end = text.indexOf(',');
        return KINDS.contains(end < 0 ? text : text.substring(0, end));
    }

    /// {@return the words of [#isOne], for messages}
    public static List<String> kinds() {
        return KINDS.stream().sorted().toList();
    }

    /// Takes an option.
    ///
    /// @throws BadInput when it is malformed
    public void add(String text) {
        KeyValues values = new KeyValues("--device", text);
        devices.add(
                switch (values.kind()) {
                    case "vfio" -> function(values);
                    case "coherent-gpu" -> gpu(values);
                    case "coherent-memory" -> memory(values);
                    default -> throw new BadInput("--device: '" + values.kind() + "' is no device of a host");
                });
    }

    private HostDevice function(KeyValues values) {
        String bdf = bdf(values.require("host"));
        boolean noSnoop = values.flag("no-snoop");
        boolean identityMap = values.flag("identity-map");
        boolean forced = values.flag("force");
        values.end("host, no-snoop, identity-map, force");
        if (noSnoop) {
            withoutSnooping.add(bdf);
        }
        return new HostDevice.Function(bdf, identityMap, forced);
    }

    private HostDevice gpu(KeyValues values) {
        GpuModel model = GpuModel.parse(values.take("model", "gb200"));
        String size = values.take("memory");
        boolean linkUp = choose(values, "link", "up", "down");
        boolean trained = choose(values, "training", "done", "never");
        boolean noSnoop = values.flag("no-snoop");
        boolean identityMap = values.flag("identity-map");
        boolean forced = values.flag("force");
        values.end("memory, model, link, training, no-snoop, identity-map, force");
        long bytes = size == null ? memoryOf(model) : Sizes.parse("--device coherent-gpu: memory", size);
        if (bytes <= 0 || bytes % MEMORY_STEP != 0) {
            throw new BadInput("--device coherent-gpu: memory is a multiple of 2M above 0, not " + size);
        }
        HostProfile.Gpu gpu = HostProfile.gpuAt(gpus.size(), model, bytes)
                .withTrained(trained)
                .withSnooping(!noSnoop);
        // What firmware found at boot: it tells the kernel of a memory without bytes.
        gpus.add(linkUp ? gpu : gpu.withProperties(HostProfile.Properties.SIZE_0));
        return new HostDevice.Function(gpu.bdf(), identityMap, forced);
    }

    /// {@return bytes of memory that a model has in the host that is named after it}
    private static long memoryOf(GpuModel model) {
        return HostProfile.parse(model.word()).gpus().getFirst().memorySize();
    }

    /// {@return whether the first of two words was chosen, as it is when none was}
    private static boolean choose(KeyValues values, String key, String first, String second) {
        String word = values.take(key, first);
        if (!word.equals(first) && !word.equals(second)) {
            throw new BadInput("--device " + values.kind() + ": " + key + " is " + first + " or " + second + ", not '"
                    + word + "'");
        }
        return word.equals(first);
    }

    private static HostDevice memory(KeyValues values) {
        String bdf = bdf(values.take("host", DEFAULT_BDF));
        long node = Sizes.parseNumber("--device coherent-memory: node", values.take("node", "1"));
        String size = values.take("size");
        boolean persistent = !choose(values, "as", "ram", "pmem");
        boolean forced = values.flag("force");
        values.end("host, node, size, as, force");
        if (node < 1 || node > MAX_NODE) {
            throw new BadInput("--device coherent-memory: node is 1 to " + MAX_NODE + ", not " + node);
        }
        long bytes = size == null ? 0 : Sizes.parse("--device coherent-memory: size", size);
        if (size != null && (bytes <= 0 || bytes % MEMORY_STEP != 0)) {
            throw new BadInput("--device coherent-memory: size is a multiple of 2M, not " + size);
        }
        return new HostDevice.Memory(bdf, (int) node, bytes, persistent, forced);
    }

    private static String bdf(String text) {
        if (!text.matches(BDF)) {
            throw new BadInput("--device: '" + text + "' is not where a device is, as " + DEFAULT_BDF + " is");
        }
        return text.toLowerCase(Locale.ROOT);
    }

    /// Gives the guest each GPU of the host, when no option has said what it is given.
    public void addAllOf(HostProfile profile) {
        if (devices.isEmpty()) {
            profile.gpus().forEach(gpu -> devices.add(new HostDevice.Function(gpu.bdf(), false, false)));
        }
    }

    /// {@return the devices, in the order of the options}
    public List<HostDevice> devices() {
        return List.copyOf(devices);
    }

    /// {@return whether an option describes a GPU that the host is to have}
    public boolean describeGpus() {
        return !gpus.isEmpty();
    }

    /// {@return a host with the GPUs that the options describe, else with those it has, and with their way of DMA}
    ///
    /// @throws BadInput when they do not fit its address space
    public HostProfile equip(HostProfile profile) {
        HostProfile equipped = gpus.isEmpty() ? profile : profile.withGpus(gpus);
        if (withoutSnooping.isEmpty()) {
            return equipped;
        }
        return equipped.withGpus(equipped.gpus().stream()
                .map(gpu -> withoutSnooping.contains(gpu.bdf()) ? gpu.withSnooping(false) : gpu)
                .toList());
    }
}
