package dev.ipanema.vmm.boot;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.base.text.Sizes;
import java.util.SplittableRandom;

/// The device tree of [VirtMachine]: what is there, and nothing that is not (Devicetree Specification v0.4; Linux
/// `Documentation/devicetree/bindings/arm`).
final class VirtDeviceTree {
    private static final int CLOCK_PHANDLE = 1;
    private static final int UART_CLOCK_HZ = 24_000_000;
    private static final int SEED_LONGS = 4;

    private VirtDeviceTree() {}

    static DeviceTree build(CpuModel cpu, long ramSize, long seed) {
        DeviceTree tree = new DeviceTree();
        DeviceTree.Node root = tree.root();
        root.cells("#address-cells", 2)
                .cells("#size-cells", 2)
                .strings("compatible", "linux,dummy-virt")
                .strings("model", "Ipanema virtual machine");
        SplittableRandom random = new SplittableRandom(seed);
        long[] randomness = new long[SEED_LONGS];
        for (int i = 0; i < SEED_LONGS; i++) {
            randomness[i] = random.nextLong();
        }
        String uart = "pl011@" + Long.toHexString(VirtMap.UART);
        root.node("chosen")
                .strings("stdout-path", "/" + uart)
                .longs("kaslr-seed", random.nextLong())
                .longs("rng-seed", randomness);
        root.node("memory@" + Long.toHexString(VirtMap.RAM))
                .strings("device_type", "memory")
                .longs("reg", VirtMap.RAM, ramSize);
        DeviceTree.Node cpus = root.node("cpus").cells("#address-cells", 1).cells("#size-cells", 0);
        cpus.node("cpu@0")
                .strings("device_type", "cpu")
                .strings("compatible", compatible(cpu), "arm,armv8")
                .cells("reg", 0)
                .strings("enable-method", "psci");
        root.node("psci").strings("compatible", "arm,psci-1.0", "arm,psci-0.2").strings("method", "hvc");
        root.node("apb-pclk")
                .strings("compatible", "fixed-clock")
                .cells("#clock-cells", 0)
                .cells("clock-frequency", UART_CLOCK_HZ)
                .strings("clock-output-names", "clk24mhz")
                .cells("phandle", CLOCK_PHANDLE);
        root.node(uart)
                .strings("compatible", "arm,pl011", "arm,primecell")
                .longs("reg", VirtMap.UART, Sizes.KIB * 4)
                .cells("clocks", CLOCK_PHANDLE, CLOCK_PHANDLE)
                .strings("clock-names", "uartclk", "apb_pclk");
        return tree;
    }

    private static String compatible(CpuModel cpu) {
        int end = cpu.name().indexOf('+');
        String model = end < 0 ? cpu.name() : cpu.name().substring(0, end);
        return model.startsWith("cortex") || model.startsWith("neoverse") ? "arm," + model : "arm,armv8";
    }
}
