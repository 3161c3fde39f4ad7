package dev.ipanema.vmm.boot;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.register.MpidrEl1;
import dev.ipanema.base.text.Sizes;
import java.util.SplittableRandom;

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
    private static final int GICV2_CPU_MASK_SHIFT = 8;
    private static final int CPUS_PER_CLUSTER = 16;

    private final VirtConfig config;
    private final DeviceTree tree = new DeviceTree();
    private final SplittableRandom random;

    private VirtDeviceTree(VirtConfig config) {
        this.config = config;
        this.random = new SplittableRandom(config.seed());
    }

    /// @param initrd guest-physical address of the initrd, when there is one
    static DeviceTree build(VirtConfig config, CpuModel cpu, long initrd) {
        VirtDeviceTree builder = new VirtDeviceTree(config);
        DeviceTree.Node root = builder.tree.root();
        root.cells("#address-cells", 2)
                .cells("#size-cells", 2)
                .cells("interrupt-parent", GIC_PHANDLE)
                .strings("compatible", "linux,dummy-virt")
                .strings("model", "Ipanema virtual machine");
        builder.chosen(root, initrd);
        root.node("memory@" + Long.toHexString(VirtMap.RAM))
                .strings("device_type", "memory")
                .longs("reg", VirtMap.RAM, config.ramSize());
        builder.cpus(root, cpu);
        root.node("psci").strings("compatible", "arm,psci-1.0", "arm,psci-0.2").strings("method", "hvc");
        builder.timer(root);
        builder.gic(root);
        root.node("apb-pclk")
                .strings("compatible", "fixed-clock")
                .cells("#clock-cells", 0)
                .cells("clock-frequency", UART_CLOCK_HZ)
                .strings("clock-output-names", "clk24mhz")
                .cells("phandle", CLOCK_PHANDLE);
        root.node(uart())
                .strings("compatible", "arm,pl011", "arm,primecell")
                .longs("reg", VirtMap.UART, VirtMap.UART_SIZE)
                .cells("interrupts", GIC_SPI, VirtMap.UART_SPI, LEVEL_HIGH)
                .cells("clocks", CLOCK_PHANDLE, CLOCK_PHANDLE)
                .strings("clock-names", "uartclk", "apb_pclk");
        return builder.tree;
    }

    private static String uart() {
        return "pl011@" + Long.toHexString(VirtMap.UART);
    }

    private void chosen(DeviceTree.Node root, long initrd) {
        long[] randomness = new long[SEED_LONGS];
        for (int i = 0; i < SEED_LONGS; i++) {
            randomness[i] = random.nextLong();
        }
        DeviceTree.Node chosen = root.node("chosen")
                .strings("stdout-path", "/" + uart())
                .longs("kaslr-seed", random.nextLong())
                .longs("rng-seed", randomness);
        if (!config.params().isEmpty()) {
            chosen.strings("bootargs", config.params());
        }
        byte[] bytes = config.initrd();
        if (bytes != null) {
            chosen.longs("linux,initrd-start", initrd).longs("linux,initrd-end", initrd + bytes.length);
        }
    }

    private void cpus(DeviceTree.Node root, CpuModel cpu) {
        DeviceTree.Node cpus = root.node("cpus").cells("#address-cells", 1).cells("#size-cells", 0);
        for (int i = 0; i < config.cpus(); i++) {
            int affinity = (int) MpidrEl1.of(i % CPUS_PER_CLUSTER, i / CPUS_PER_CLUSTER, 0);
            cpus.node("cpu@" + Integer.toHexString(affinity))
                    .strings("device_type", "cpu")
                    .strings("compatible", compatible(cpu))
                    .cells("reg", affinity)
                    .strings("enable-method", "psci");
        }
    }

    private static String[] compatible(CpuModel cpu) {
        int end = cpu.name().indexOf('+');
        String model = end < 0 ? cpu.name() : cpu.name().substring(0, end);
        return model.startsWith("cortex") || model.startsWith("neoverse")
                ? new String[] {"arm," + model, "arm,armv8"}
                : new String[] {"arm,armv8"};
    }

    /// Secure physical, non-secure physical, virtual and hypervisor timer, in the order of the binding.
    private void timer(DeviceTree.Node root) {
        int flags = ppiFlags();
        root.node("timer")
                .strings("compatible", "arm,armv8-timer")
                .cells(
                        "interrupts",
                        GIC_PPI,
                        29 - FIRST_PPI,
                        flags,
                        GIC_PPI,
                        30 - FIRST_PPI,
                        flags,
                        GIC_PPI,
                        27 - FIRST_PPI,
                        flags,
                        GIC_PPI,
                        26 - FIRST_PPI,
                        flags)
                .flag("always-on");
    }

    /// GICv2 says in bits 15:8 which CPUs a PPI reaches.
    private int ppiFlags() {
        int mask = config.irqchip() == Irqchip.GICV2 ? (1 << config.cpus()) - 1 : 0;
        return LEVEL_HIGH | mask << GICV2_CPU_MASK_SHIFT;
    }

    private void gic(DeviceTree.Node root) {
        DeviceTree.Node gic = root.node("intc@" + Long.toHexString(VirtMap.GICD))
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
            gic.node("its@" + Long.toHexString(VirtMap.ITS))
                    .strings("compatible", "arm,gic-v3-its")
                    .cells("phandle", ITS_PHANDLE)
                    .flag("msi-controller")
                    .cells("#msi-cells", 1)
                    .longs("reg", VirtMap.ITS, VirtMap.ITS_SIZE);
        }
    }

    /// Two frames of 64 KiB for each vCPU.
    private long redistributors() {
        return config.cpus() * 128 * Sizes.KIB;
    }
}
