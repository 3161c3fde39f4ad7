package dev.ipanema.vmm.boot;

import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.register.MpidrEl1;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.devices.pci.PciHostBridge;
import dev.ipanema.vmm.device.GuestDevice;
import dev.ipanema.vmm.passthrough.AddressPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// The device tree of [VirtMachine]: what is there, and nothing that is not (Devicetree Specification v0.4; Linux
/// `Documentation/devicetree/bindings`).
final class VirtDeviceTree {
    private static final int CLOCK_PHANDLE = 1;
    private static final int GIC_PHANDLE = 2;
    private static final int ITS_PHANDLE = 3;
    private static final int UART_CLOCK_HZ = 24_000_000;
    private static final int SEED_LONGS = 4;
    private static final int GIC_SPI = 0;
    private static final int GIC_PPI = 1;
    private static final int LEVEL_HIGH = 4;
    private static final int FIRST_PPI = 16;
    private static final int SECURE_TIMER_PPI = 29;
    private static final int PHYSICAL_TIMER_PPI = 30;
    private static final int VIRTUAL_TIMER_PPI = 27;
    private static final int HYPERVISOR_TIMER_PPI = 26;
    private static final int GICV2_CPU_MASK_SHIFT = 8;
    private static final int CPUS_PER_CLUSTER = 16;

    private static final int PCI_IO = 0x0100_0000;
    private static final int PCI_MEMORY32 = 0x0200_0000;
    private static final int PCI_MEMORY64 = 0x0300_0000;
    private static final int PCI_SLOT_SHIFT = 11;
    private static final int PCI_LINE_SLOTS = PciHostBridge.LINES - 1;
    private static final int PCI_PINS = 7;
    private static final int REQUESTER_IDS = 0x1_0000;

    private static final int LOCAL_DISTANCE = 10;
    private static final int REMOTE_DISTANCE = 20;

    private final VirtConfig config;
    private final AddressPlan plan;
    private final DeviceTree tree = new DeviceTree();
    private final DeviceTree.Node root = tree.root();

    private VirtDeviceTree(VirtConfig config, AddressPlan plan) {
        this.config = config;
        this.plan = plan;
    }

    /// {@return the tree that the guest is given, the user's own or the machine's}
    ///
    /// @param initrd guest-physical address of the initrd, when there is one
    /// @throws BadInput when the user's tree is malformed or contradicts the machine
    static DeviceTree build(VirtConfig config, AddressPlan plan, CpuModel cpu, long initrd) {
        byte[] dtb = config.dtb();
        if (dtb != null) {
            DeviceTree given = DeviceTreeReader.read("--dtb", dtb);
            DeviceTreeCheck.check("--dtb", given, config, plan);
            chosen(given.root(), config, initrd);
            return given;
        }
        VirtDeviceTree builder = new VirtDeviceTree(config, plan);
        builder.platform(cpu);
        chosen(builder.root, config, initrd);
        return builder.tree;
    }

    /// {@return the affinity fields of a vCPU's MPIDR_EL1}
    static int affinity(int cpu) {
        return (int) MpidrEl1.of(cpu % CPUS_PER_CLUSTER, cpu / CPUS_PER_CLUSTER, 0);
    }

    private static String unit(String name, long address) {
        return name + "@" + Long.toHexString(address);
    }

    /// What a boot loader says to the kernel: it adds to what the tree has, or replaces it.
    private static void chosen(DeviceTree.Node root, VirtConfig config, long initrd) {
        SplittableRandom random = new SplittableRandom(config.seed());
        long[] randomness = new long[SEED_LONGS];
        for (int i = 0; i < SEED_LONGS; i++) {
            randomness[i] = random.nextLong();
        }
        DeviceTree.Node chosen = root.child("chosen");
        if (!chosen.has("stdout-path")) {
            chosen.strings("stdout-path", "/" + unit("pl011", VirtMap.UART));
        }
        chosen.longs("kaslr-seed", random.nextLong()).longs("rng-seed", randomness);
        if (config.boot() instanceof GuestBoot.Firmware) {
            // The firmware finds them by fw_cfg, and says itself what it starts.
            return;
        }
        if (!config.params().isEmpty()) {
            chosen.strings("bootargs", config.params());
        }
        byte[] bytes = config.initrd();
        if (bytes != null) {
            chosen.longs("linux,initrd-start", initrd).longs("linux,initrd-end", initrd + bytes.length);
        }
    }

    private void platform(CpuModel cpu) {
        root.cells("#address-cells", 2)
                .cells("#size-cells", 2)
                .cells("interrupt-parent", GIC_PHANDLE)
                .strings("compatible", "linux,dummy-virt")
                .strings("model", "Ipanema virtual machine")
                .flag("dma-coherent");
        memory(VirtMap.RAM, config.ramSize(), 0);
        for (AddressPlan.NodeMemory each : plan.memory()) {
            if (each.isPersistent()) {
                persistent(each);
            } else {
                memory(each.base(), each.size(), each.node());
            }
        }
        distances();
        cpus(cpu);
        root.node("psci").strings("compatible", "arm,psci-1.0", "arm,psci-0.2").strings("method", "hvc");
        timer();
        if (cpu.has(CpuFeature.PMU)) {
            pmu();
        }
        gic();
        root.node("apb-pclk")
                .strings("compatible", "fixed-clock")
                .cells("#clock-cells", 0)
                .cells("clock-frequency", UART_CLOCK_HZ)
                .strings("clock-output-names", "clk24mhz")
                .cells("phandle", CLOCK_PHANDLE);
        device("pl011", VirtMap.UART, VirtMap.UART_SIZE, VirtMap.UART_SPI)
                .strings("compatible", "arm,pl011", "arm,primecell")
                .cells("clocks", CLOCK_PHANDLE, CLOCK_PHANDLE)
                .strings("clock-names", "uartclk", "apb_pclk");
        device("pl031", VirtMap.RTC, VirtMap.RTC_SIZE, VirtMap.RTC_SPI)
                .strings("compatible", "arm,pl031", "arm,primecell")
                .cells("clocks", CLOCK_PHANDLE)
                .strings("clock-names", "apb_pclk");
        if (config.boot() instanceof GuestBoot.Firmware) {
            firmware();
        }
        virtio();
        pcie();
    }

    private boolean isNuma() {
        return plan.memory().stream().anyMatch(each -> !each.isPersistent());
    }

    /// A region that its driver maps write-back (binding `pmem/pmem-region.txt`).
    private void persistent(AddressPlan.NodeMemory memory) {
        root.node(unit("pmem", memory.base()))
                .strings("compatible", "pmem-region")
                .longs("reg", memory.base(), memory.size());
    }

    private void memory(long base, long size, int node) {
        DeviceTree.Node memory =
                root.node(unit("memory", base)).strings("device_type", "memory").longs("reg", base, size);
        if (isNuma()) {
            memory.cells("numa-node-id", node);
        }
    }

    /// How far the nodes are from each other (binding `numa.txt`); each pair once.
    private void distances() {
        if (!isNuma()) {
            return;
        }
        int[] nodes = IntStream.concat(IntStream.of(0), plan.memory().stream().mapToInt(AddressPlan.NodeMemory::node))
                .distinct()
                .sorted()
                .toArray();
        List<Integer> matrix = new ArrayList<>();
        for (int i = 0; i < nodes.length; i++) {
            for (int j = i; j < nodes.length; j++) {
                matrix.addAll(List.of(nodes[i], nodes[j], i == j ? LOCAL_DISTANCE : REMOTE_DISTANCE));
            }
        }
        root.node("distance-map")
                .strings("compatible", "numa-distance-map-v1")
                .cells(
                        "distance-matrix",
                        matrix.stream().mapToInt(Integer::intValue).toArray());
    }

    private void firmware() {
        root.node(unit("flash", VirtMap.FLASH))
                .strings("compatible", "cfi-flash")
                .longs(
                        "reg",
                        VirtMap.FLASH,
                        VirtMap.FLASH_BANK_SIZE,
                        VirtMap.FLASH + VirtMap.FLASH_BANK_SIZE,
                        VirtMap.FLASH_BANK_SIZE)
                .cells("bank-width", Integer.BYTES);
        root.node(unit("fw-cfg", VirtMap.FW_CFG))
                .strings("compatible", "qemu,fw-cfg-mmio")
                .longs("reg", VirtMap.FW_CFG, VirtMap.FW_CFG_SIZE)
                .flag("dma-coherent");
    }

    private DeviceTree.Node device(String name, long base, long size, int spi) {
        return root.node(unit(name, base)).longs("reg", base, size).cells("interrupts", GIC_SPI, spi, LEVEL_HIGH);
    }

    private void cpus(CpuModel cpu) {
        DeviceTree.Node cpus = root.node("cpus").cells("#address-cells", 1).cells("#size-cells", 0);
        for (int i = 0; i < config.cpus(); i++) {
            DeviceTree.Node node = cpus.node(unit("cpu", affinity(i)))
                    .strings("device_type", "cpu")
                    .strings("compatible", compatible(cpu))
                    .cells("reg", affinity(i))
                    .strings("enable-method", "psci");
            if (isNuma()) {
                node.cells("numa-node-id", 0);
            }
        }
    }

    private static String compatible(CpuModel cpu) {
        int end = cpu.name().indexOf('+');
        String model = end < 0 ? cpu.name() : cpu.name().substring(0, end);
        return model.startsWith("cortex") || model.startsWith("neoverse") ? "arm," + model : "arm,armv8";
    }

    /// Secure physical, non-secure physical, virtual and hypervisor timer, in the order of the binding.
    private void timer() {
        int[] ppis = {SECURE_TIMER_PPI, PHYSICAL_TIMER_PPI, VIRTUAL_TIMER_PPI, HYPERVISOR_TIMER_PPI};
        int[] cells = new int[3 * ppis.length];
        for (int i = 0; i < ppis.length; i++) {
            cells[3 * i] = GIC_PPI;
            cells[3 * i + 1] = ppis[i] - FIRST_PPI;
            cells[3 * i + 2] = ppiFlags();
        }
        root.node("timer")
                .strings("compatible", "arm,armv8-timer")
                .cells("interrupts", cells)
                .flag("always-on");
    }

    /// Performance monitors (binding `arm/pmu.yaml`).
    private void pmu() {
        root.node("pmu")
                .strings("compatible", "arm,armv8-pmuv3")
                .cells("interrupts", GIC_PPI, VirtMap.PMU_PPI - FIRST_PPI, ppiFlags());
    }

    /// GICv2 says in bits 15:8 which CPUs a PPI reaches.
    private int ppiFlags() {
        int mask = config.irqchip() == Irqchip.GICV2 ? (1 << config.cpus()) - 1 : 0;
        return LEVEL_HIGH | mask << GICV2_CPU_MASK_SHIFT;
    }

    private void gic() {
        DeviceTree.Node gic = root.node(unit("intc", VirtMap.GICD))
                .cells("phandle", GIC_PHANDLE)
                .cells("#interrupt-cells", 3)
                .flag("interrupt-controller")
                .cells("#address-cells", 2)
                .cells("#size-cells", 2)
                .flag("ranges");
        if (config.irqchip() == Irqchip.GICV2) {
            gic.strings("compatible", "arm,cortex-a15-gic")
                    .longs("reg", VirtMap.GICD, VirtMap.GICD_SIZE, VirtMap.GICC, VirtMap.GICC_SIZE);
            return;
        }
        gic.strings("compatible", "arm,gic-v3")
                .cells("#redistributor-regions", 1)
                .longs("reg", VirtMap.GICD, VirtMap.GICD_SIZE, VirtMap.GICR, redistributors());
        if (config.irqchip() == Irqchip.GICV3_ITS) {
            gic.node(unit("its", VirtMap.ITS))
                    .strings("compatible", "arm,gic-v3-its")
                    .cells("phandle", ITS_PHANDLE)
                    .flag("msi-controller")
                    .cells("#msi-cells", 1)
                    .longs("reg", VirtMap.ITS, VirtMap.ITS_SIZE);
        }
    }

    /// Two frames of 64 KiB for each vCPU.
    private long redistributors() {
        return config.cpus() * 128L * Sizes.KIB;
    }

    /// The windows of the platform bus that have a device behind them.
    private void virtio() {
        int slot = 0;
        for (GuestDevice each : config.devices()) {
            if (each.transport() == GuestDevice.Transport.MMIO) {
                device(
                                "virtio_mmio",
                                VirtMap.virtioMmio(slot),
                                VirtMap.VIRTIO_MMIO_SIZE,
                                VirtMap.VIRTIO_MMIO_SPI + slot)
                        .strings("compatible", "virtio,mmio");
                slot++;
            }
        }
    }

    /// The PCIe host bridge (bindings `pci/host-generic-pci.yaml` and `pci/pci.txt`).
    private void pcie() {
        DeviceTree.Node pcie = root.node(unit("pcie", VirtMap.PCIE_MMIO))
                .strings("compatible", "pci-host-ecam-generic")
                .strings("device_type", "pci")
                .cells("#address-cells", 3)
                .cells("#size-cells", 2)
                .cells("#interrupt-cells", 1)
                .cells("linux,pci-domain", 0)
                .cells("bus-range", 0, (int) (VirtMap.PCIE_ECAM_SIZE / PciHostBridge.BUS_SIZE) - 1)
                .longs("reg", VirtMap.PCIE_ECAM, VirtMap.PCIE_ECAM_SIZE)
                .cells("ranges", pcieRanges())
                .cells("interrupt-map-mask", PCI_LINE_SLOTS << PCI_SLOT_SHIFT, 0, 0, PCI_PINS)
                .cells("interrupt-map", interruptMap())
                .flag("dma-coherent");
        if (config.irqchip() == Irqchip.GICV3_ITS) {
            pcie.cells("msi-map", 0, ITS_PHANDLE, 0, REQUESTER_IDS);
        }
        if (plan.presetBars()) {
            // Linux reads it at the bridge, and before 6.12 in /chosen only.
            pcie.cells("linux,pci-probe-only", 1);
            root.child("chosen").cells("linux,pci-probe-only", 1);
        }
        if (isNuma()) {
            pcie.cells("numa-node-id", 0);
        }
    }

    /// PCI address of three cells, CPU address of two, size of two; a bus address equals its CPU address, but for I/O
    /// ports, which begin at 0.
    private int[] pcieRanges() {
        return IntStream.concat(
                        range(PCI_IO, 0, VirtMap.PCIE_PIO, VirtMap.PCIE_PIO_SIZE),
                        IntStream.concat(
                                range(PCI_MEMORY32, VirtMap.PCIE_MMIO, VirtMap.PCIE_MMIO, VirtMap.PCIE_MMIO_SIZE),
                                range(PCI_MEMORY64, plan.highMmio(), plan.highMmio(), plan.highMmioSize())))
                .toArray();
    }

    private static IntStream range(int space, long pci, long cpu, long size) {
        return IntStream.of(
                space, (int) (pci >>> 32), (int) pci, (int) (cpu >>> 32), (int) cpu, (int) (size >>> 32), (int) size);
    }

    /// Which SPI each pin of each slot has, for as many slots as there are lines: then they repeat.
    private int[] interruptMap() {
        List<Integer> map = new ArrayList<>();
        for (int slot = 0; slot < PciHostBridge.LINES; slot++) {
            for (int pin = 0; pin < PciHostBridge.LINES; pin++) {
                int spi = VirtMap.PCIE_SPI + (PciHostBridge.line(slot) + pin) % PciHostBridge.LINES;
                // Slot in bits 15:11, two cells of address; pin from 1; the GIC's two address cells and its three.
                map.addAll(List.of(slot << PCI_SLOT_SHIFT, 0, 0, pin + 1, GIC_PHANDLE, 0, 0, GIC_SPI, spi, LEVEL_HIGH));
            }
        }
        return map.stream().mapToInt(Integer::intValue).toArray();
    }
}
