package dev.ipanema.vmm.boot;

import dev.ipanema.arm.register.MpidrEl1;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.vmm.passthrough.AddressPlan;
import java.util.List;

/// Compares a user's device tree with the machine that it is to describe: a guest that believes in memory, processors
/// or registers which are not there ends in a way that nobody understands.
final class DeviceTreeCheck {
    private static final int MAX_CELLS = 2;

    private final String name;
    private final VirtConfig config;
    private final AddressPlan plan;
    private final List<VirtWindow> windows;

    private DeviceTreeCheck(String name, VirtConfig config, AddressPlan plan) {
        this.name = name;
        this.config = config;
        this.plan = plan;
        this.windows = VirtWindow.of(config);
    }

    /// Checks a tree.
    ///
    /// @param name of its file, for messages
    /// @throws BadInput where it contradicts the machine
    static void check(String name, DeviceTree tree, VirtConfig config, AddressPlan plan) {
        new DeviceTreeCheck(name, config, plan).check(tree.root());
    }

    private void check(DeviceTree.Node root) {
        int addressCells = cells(root, "#address-cells");
        int sizeCells = cells(root, "#size-cells");
        boolean memory = false;
        for (DeviceTree.Node node : root.children()) {
            if (!isEnabled(node)) {
                continue;
            }
            if (node.string("device_type").equals("memory")) {
                memory = true;
                checkMemory(node, addressCells, sizeCells);
            } else if (node.name().equals("cpus")) {
                checkCpus(node);
            } else if (node.name().equals("psci")) {
                checkPsci(node);
            } else if (node.has("compatible") && node.has("reg")) {
                checkDevice(node, addressCells, sizeCells);
            }
        }
        if (!memory) {
            throw bad("it has no memory node");
        }
    }

    private int cells(DeviceTree.Node root, String property) {
        int count = root.cell(property, 0, MAX_CELLS);
        if (count < 1 || count > MAX_CELLS) {
            throw bad(property + " of the root is " + count + ", not 1 or 2");
        }
        return count;
    }

    private static boolean isEnabled(DeviceTree.Node node) {
        String status = node.string("status");
        return status.isEmpty() || status.equals("okay") || status.equals("ok");
    }

    private void checkMemory(DeviceTree.Node node, int addressCells, int sizeCells) {
        int entry = addressCells + sizeCells;
        for (int i = 0; (i + 1) * entry <= node.cellCount("reg"); i++) {
            long base = node.number("reg", i * entry, addressCells);
            long size = node.number("reg", i * entry + addressCells, sizeCells);
            boolean there = isInside(base, size, VirtMap.RAM, config.ramSize());
            for (AddressPlan.NodeMemory memory : plan.memory()) {
                there |= isInside(base, size, memory.base(), memory.size());
            }
            if (!there) {
                throw bad("%s gives memory [0x%x, 0x%x); the machine has [0x%x, 0x%x) (-m)"
                        .formatted(node.name(), base, base + size, VirtMap.RAM, VirtMap.RAM + config.ramSize()));
            }
        }
    }

    private static boolean isInside(long base, long size, long from, long length) {
        return base >= from && base - from <= length && size >= 0 && size <= length - (base - from);
    }

    private void checkCpus(DeviceTree.Node cpus) {
        int cells = Math.clamp(cpus.cell("#address-cells", 0, 1), 1, MAX_CELLS);
        for (DeviceTree.Node cpu : cpus.children()) {
            if (!cpu.string("device_type").equals("cpu") || !isEnabled(cpu)) {
                continue;
            }
            long mpidr = cpu.number("reg", 0, cells);
            boolean found = false;
            for (int i = 0; i < config.cpus() && !found; i++) {
                found = VirtDeviceTree.affinity(i) == (mpidr & MpidrEl1.AFFINITY);
            }
            if (!found) {
                throw bad("%s has MPIDR 0x%x, which none of the machine's %d vCPUs has (-c)"
                        .formatted(cpu.name(), mpidr, config.cpus()));
            }
            String method = cpu.string("enable-method");
            if (!method.isEmpty() && !method.equals("psci")) {
                throw bad(cpu.name() + " is enabled by '" + method + "'; the machine has only psci");
            }
        }
    }

    private void checkPsci(DeviceTree.Node psci) {
        String method = psci.string("method");
        if (!method.equals("hvc")) {
            throw bad("psci is called by '" + method + "'; in a virtual machine it is hvc");
        }
    }

    private void checkDevice(DeviceTree.Node node, int addressCells, int sizeCells) {
        int entry = addressCells + sizeCells;
        for (int i = 0; (i + 1) * entry <= node.cellCount("reg"); i++) {
            long base = node.number("reg", i * entry, addressCells);
            long size = node.number("reg", i * entry + addressCells, sizeCells);
            VirtWindow window = VirtWindow.find(windows, base, size);
            if (window == null) {
                throw bad("%s (%s) is at [0x%x, +0x%x), where the machine has nothing"
                        .formatted(node.name(), node.string("compatible"), base, size));
            }
            if (!window.fits(node.string("compatible"))) {
                throw bad("%s (%s) is at 0x%x, where the machine has %s (%s)"
                        .formatted(node.name(), node.string("compatible"), base, window.name(), window.compatible()));
            }
        }
    }

    private BadInput bad(String message) {
        return new BadInput(name + ": contradicts the machine: " + message);
    }
}
