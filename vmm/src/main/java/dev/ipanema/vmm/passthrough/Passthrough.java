package dev.ipanema.vmm.passthrough;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.devices.pci.PciFunction;
import dev.ipanema.devices.pci.PciHostBridge;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.host.mm.Vma;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.host.vfio.VfioContainer;
import dev.ipanema.host.vfio.VfioDevice;
import dev.ipanema.host.vfio.VfioOpening;
import dev.ipanema.host.vfio.VfioUapi;
import dev.ipanema.kvm.stage2.Stage2PageTable;
import dev.ipanema.kvm.trace.KvmTrace;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.vm.Vm;
import dev.ipanema.vmm.device.GuestRanges;
import dev.ipanema.vmm.probe.Stage2Rows;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The host's devices of one guest. Their files and mappings live as long as the machine; [#attach] gives them to a VM,
/// anew after each reset of the guest.
///
/// [#attach], [#plug] and what follows are called under the VMM's lock.
public final class Passthrough implements AutoCloseable {
    private static final int COHERENT_BAR = VfioUapi.VFIO_PCI_BAR4_REGION_INDEX;
    private static final long MEMORY_ALIGNMENT = Sizes.GIB;

    private final Host host;
    private final List<HostDevice> devices;
    private final AddressSpace mm;
    private final VfioContainer container;
    private final Map<String, OpenFunction> open = new LinkedHashMap<>();
    private final AddressPlan plan;
    private final List<MemorySlots.Wanted> memory = new ArrayList<>();
    private final List<VfioFunction> functions = new ArrayList<>();
    private final List<DeviceStatus.Refusal> refusals = new ArrayList<>();
    private final SlotFaults faults;
    private @Nullable MemorySlots slots;
    private @Nullable String failure;
    private String failureReasons = "";

    /// Opens the devices.
    ///
    /// @param mm the VMM's address space
    /// @param ticker measures how long KVM handles faults
    /// @param highMmio where the guest's high PCI window begins
    /// @param highMmioEnd where it ends when that is enough
    /// @throws BadInput when a device is not there, cannot be opened, or does not fit the guest
    public Passthrough(
            Host host,
            KernelVersion version,
            List<HostDevice> devices,
            AddressSpace mm,
            Ticker ticker,
            long highMmio,
            long highMmioEnd) {
        this.host = host;
        this.devices = List.copyOf(devices);
        this.mm = mm;
        this.faults = new SlotFaults(ticker);
        refuseTwice(this.devices);
        this.container = host.vfio().newContainer();
        try {
            for (HostDevice device : this.devices) {
                boolean twice = this.devices.stream()
                                .filter(other -> other.name().equals(device.name()))
                                .count()
                        > 1;
                if (twice) {
                    throw new BadInput("--device " + device.name() + ": given twice");
                }
                if (!open.containsKey(device.bdf())) {
                    open.put(device.bdf(), open(version, device));
                }
            }
            plan = plan(highMmio, highMmioEnd);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /// A device is one function of a guest, and its memory in one place.
    private static void refuseTwice(List<HostDevice> devices) {
        for (int i = 0; i < devices.size(); i++) {
            HostDevice device = devices.get(i);
            boolean again = devices.subList(0, i).stream()
                    .anyMatch(each ->
                            each.getClass() == device.getClass() && each.bdf().equalsIgnoreCase(device.bdf()));
            if (again) {
                throw new BadInput("--device " + device.name() + ": the guest is given it twice");
            }
        }
    }

    private OpenFunction open(KernelVersion version, HostDevice device) {
        VfioOpening opening = host.vfio().open(device.bdf(), version.mapsGpuMemoryAtMmap());
        VfioDevice file = opening.device();
        if (file == null) {
            throw new BadInput(
                    "--device " + device.name() + ": " + opening.reason() + " (" + Errno.render(opening.errno()) + ")",
                    BadInput.FINDING);
        }
        file.attach(container);
        try {
            return new OpenFunction(file, mm);
        } catch (BadInput e) {
            file.close();
            throw e;
        }
    }

    private OpenFunction function(HostDevice device) {
        OpenFunction function = open.get(device.bdf());
        if (function == null) {
            throw new IllegalStateException(device.bdf() + " is not open");
        }
        return function;
    }

    // ---- where things lie ------------------------------------------------------------------------------------------

    private AddressPlan plan(long highMmio, long highMmioEnd) {
        long end = highMmioEnd;
        boolean preset = false;
        while (end - highMmio < 2 * largeBars()) {
            end *= 2;
        }
        for (HostDevice device : devices) {
            if (device instanceof HostDevice.Function function && function.identityMap()) {
                preset = true;
                long base = identity(function);
                while (end < base + function(device).bar(COHERENT_BAR).size()) {
                    end *= 2;
                }
                if (base < highMmio) {
                    throw new BadInput("--device " + device.name() + ": identity-map: the host has the memory at "
                            + Sizes.hex(base) + ", below the guest's PCI window at " + Sizes.hex(highMmio));
                }
            }
        }
        List<AddressPlan.NodeMemory> nodes = new ArrayList<>();
        long at = end;
        for (HostDevice device : devices) {
            if (device instanceof HostDevice.Memory wanted) {
                OpenFunction.Area area = function(device).coherentMemory();
                long size = wanted.size() == 0 ? area.size() : wanted.size();
                if (size > area.size()) {
                    throw new BadInput("--device " + device.name() + ": size=" + Sizes.format(size)
                            + " is more than its memory, which has " + Sizes.format(area.size()));
                }
                nodes.add(new AddressPlan.NodeMemory(wanted.node(), at, size, wanted.isPersistent()));
                memory.add(new MemorySlots.Wanted(device.bdf() + " memory", at, size, area.hva()));
                at = (at + size + MEMORY_ALIGNMENT - 1) & -MEMORY_ALIGNMENT;
            }
        }
        return new AddressPlan(highMmio, end, nodes, preset);
    }

    /// {@return bytes of all BARs that belong into the high window}
    private long largeBars() {
        long sum = 0;
        for (HostDevice device : devices) {
            for (int bar = 0; device instanceof HostDevice.Function && bar < PciFunction.BARS; bar++) {
                long size = function(device).bar(bar).size();
                sum += size > Sizes.GIB / 4 ? size : 0;
            }
        }
        return sum;
    }

    private long identity(HostDevice.Function device) {
        function(device).coherentMemory();
        long base = host.profile().gpus().stream()
                .filter(gpu -> gpu.bdf().equals(device.bdf()))
                .mapToLong(HostProfile.Gpu::memoryBase)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(device.bdf() + " is no GPU"));
        long size = function(device).bar(COHERENT_BAR).size();
        if ((base & (size - 1)) != 0) {
            throw new BadInput(
                    "--device " + device.name() + ": identity-map: the host has the memory at " + Sizes.hex(base)
                            + ", which a BAR of " + Sizes.format(size) + " cannot have",
                    BadInput.FINDING);
        }
        return base;
    }

    /// {@return where the guest's large things lie}
    public AddressPlan plan() {
        return plan;
    }

    /// {@return the memory of the plan as the VMM has mapped it}
    public List<GuestRanges.Range> memory() {
        return memory.stream()
                .map(each -> new GuestRanges.Range(each.ipa(), each.size(), each.hva()))
                .toList();
    }

    // ---- a VM ------------------------------------------------------------------------------------------------------

    /// Gives the devices to a VM that has no slots of theirs yet: asks for the capability, and makes the slots of
    /// memory
    /// that is there from reset.
    ///
    /// @param firstSlot the first free slot number
    /// @throws BadInput when KVM cannot map coherent memory, with its reasons
    public void attach(Vm vm, int firstSlot) {
        requireCapability(vm);
        MemorySlots earlier = slots;
        if (earlier != null) {
            earlier.forget();
        }
        functions.clear();
        failure = null;
        slots = new MemorySlots(vm, mm, container, firstSlot);
        update(List.of());
        if (failure != null) {
            throw new BadInput(failure, BadInput.FINDING);
        }
    }

    private void requireCapability(Vm vm) {
        CacheablePfnmap capability = CacheablePfnmap.of(vm);
        for (HostDevice device : devices) {
            if (capability.isSupported() || !function(device).isCoherent()) {
                continue;
            }
            String refusal = "KVM cannot map its coherent memory: " + capability.sentence();
            if (!device.isForced()) {
                throw new BadInput(
                        "--device " + device.name() + ": " + refusal + "; add ',force' to see what comes of it",
                        BadInput.FINDING);
            }
            refuse(device.bdf() + ": " + refusal, capability.reasons());
        }
    }

    /// Puts the functions on the guest's bus.
    ///
    /// @param firstSlot number of the first PCI slot for them
    /// @param isDecoded says which addresses the bridge passes on to its bus
    public void plug(PciHostBridge bridge, int firstSlot, RangeTest isDecoded) {
        int pciSlot = firstSlot;
        for (HostDevice device : devices) {
            if (device instanceof HostDevice.Function wanted) {
                boolean isRamToo = devices.stream()
                        .anyMatch(each ->
                                each instanceof HostDevice.Memory && each.bdf().equals(device.bdf()));
                VfioFunction function = new VfioFunction(function(device), isRamToo);
                if (wanted.identityMap()) {
                    function.preset(COHERENT_BAR, identity(wanted));
                }
                functions.add(function);
                bridge.add(pciSlot, function);
                pciSlot++;
            }
        }
        bridge.barListener(() -> barsMoved(isDecoded));
    }

    /// Says whether a range of guest-physical addresses has a property.
    @FunctionalInterface
    public interface RangeTest {
        /// {@return whether it has}
        boolean test(long address, long size);
    }

    private void barsMoved(RangeTest isDecoded) {
        List<MemorySlots.Wanted> windows = new ArrayList<>();
        for (VfioFunction function : functions) {
            windows.addAll(function.windows(isDecoded));
        }
        update(windows);
    }

    private void update(List<MemorySlots.Wanted> windows) {
        List<MemorySlots.Wanted> wanted = new ArrayList<>(memory);
        wanted.addAll(windows);
        MemorySlots current = slots;
        if (current == null) {
            return;
        }
        Optional<MemorySlots.Refusal> refusal = current.update(wanted);
        refusal.ifPresent(refused -> {
            failure = "KVM_SET_USER_MEMORY_REGION of " + refused.wanted().what() + " at "
                    + Sizes.hex(refused.wanted().ipa()) + " "
                    + Sizes.format(refused.wanted().size()) + " returned "
                    + Errno.render(refused.errno()) + refused.outcome();
            failureReasons = refused.reasons();
            refuse(failure, failureReasons);
        });
        current.slots().forEach(slot -> faults.watch(slot.wanted()));
    }

    private void refuse(String what, String reasons) {
        DeviceStatus.Refusal refusal = new DeviceStatus.Refusal(what, reasons);
        if (!refusals.contains(refusal)) {
            refusals.add(refusal);
        }
    }

    /// {@return the slot that KVM has refused while the guest ran, after which it cannot go on; null when none was}
    public @Nullable String failure() {
        return failure;
    }

    /// {@return KVM's reasons of [#failure()]}
    public String failureReasons() {
        return failureReasons;
    }

    /// {@return what has to listen to KVM so that faults are counted}
    public KvmTrace trace() {
        return devices.isEmpty() ? KvmTrace.NONE : faults;
    }

    // ---- looking at it ---------------------------------------------------------------------------------------------

    /// {@return what each device looks like from the guest and from KVM}
    ///
    /// @param table the VM's stage-2 tables
    /// @param fwb HCR_EL2.FWB of the VM
    public List<DeviceStatus> status(Stage2PageTable table, boolean fwb) {
        List<DeviceStatus> all = new ArrayList<>();
        open.forEach((bdf, function) -> all.add(status(bdf, function, table, fwb)));
        return all;
    }

    private DeviceStatus status(String bdf, OpenFunction function, Stage2PageTable table, boolean fwb) {
        List<DeviceStatus.Bar> bars = new ArrayList<>();
        for (VfioFunction plugged : functions) {
            if (plugged.belongsTo(function)) {
                bars.addAll(plugged.bars());
            }
        }
        MemorySlots current = slots;
        List<DeviceStatus.Slot> ofDevice = new ArrayList<>();
        List<DeviceStatus.Window> hidden = new ArrayList<>();
        if (current != null) {
            for (MemorySlots.Slot slot : current.slots()) {
                if (slot.wanted().what().startsWith(bdf)) {
                    ofDevice.add(status(slot, table, fwb));
                }
            }
            for (MemorySlots.Wanted each : current.hidden()) {
                if (each.what().startsWith(bdf)) {
                    hidden.add(new DeviceStatus.Window(each.what(), each.ipa(), each.size()));
                }
            }
        }
        return new DeviceStatus(
                bdf,
                function.vendor(),
                function.deviceId(),
                function.device().driver(),
                function.device().trouble(),
                function.isCoherent() ? function.coherentMemory().size() : 0,
                bars,
                ofDevice,
                hidden,
                refusals.stream().filter(each -> each.what().contains(bdf)).toList());
    }

    private DeviceStatus.Slot status(MemorySlots.Slot slot, Stage2PageTable table, boolean fwb) {
        MemorySlots.Wanted wanted = slot.wanted();
        Vma vma = mm.vmaLookup(wanted.hva());
        SlotFaults.Count count = faults.of(wanted);
        return new DeviceStatus.Slot(
                slot.id(),
                wanted.what(),
                wanted.ipa(),
                wanted.size(),
                vma == null ? "none" : VmFlags.names(vma.vmFlags()) + ", " + vma.pageProt(),
                count.faults(),
                count.nanos(),
                Stage2Rows.of(table, fwb, wanted.what(), wanted.ipa(), wanted.size()));
    }

    /// {@return what keeps the guest from moving to another host while it runs}
    ///
    /// @param vm the VM that the devices were given to last
    public List<Migration.Obstacle> migration(Vm vm, HostProfile target, KernelVersion version) {
        Migration migration = new Migration(vm);
        for (HostDevice device : devices) {
            if (device instanceof HostDevice.Function) {
                migration.device(device.bdf(), function(device).device().driver());
            }
        }
        MemorySlots current = slots;
        if (current != null) {
            for (MemorySlots.Slot slot : current.slots()) {
                MemorySlots.Wanted wanted = slot.wanted();
                migration.slot(slot.id(), wanted.what(), wanted.ipa(), wanted.size(), wanted.hva());
            }
        }
        devices.stream()
                .filter(device -> function(device).isCoherent())
                .map(HostDevice::bdf)
                .distinct()
                .forEach(bdf -> migration.target(target, version, "the memory of " + bdf));
        return migration.obstacles();
    }

    /// {@return what devices reach of the guest}
    public VfioContainer container() {
        return container;
    }

    /// Closes the devices; the machine is done for.
    @Override
    public void close() {
        open.values().forEach(OpenFunction::close);
        open.clear();
        container.close();
    }
}
