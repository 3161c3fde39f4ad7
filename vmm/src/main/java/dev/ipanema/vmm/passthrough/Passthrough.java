package dev.ipanema.vmm.passthrough;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.devices.pci.PciHostBridge;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.host.mm.Vma;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.vfio.VfioContainer;
import dev.ipanema.host.vfio.VfioDevice;
import dev.ipanema.host.vfio.VfioOpening;
import dev.ipanema.kvm.stage2.Stage2PageTable;
import dev.ipanema.kvm.trace.KvmTrace;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.vm.Vm;
import dev.ipanema.vmm.device.GuestRanges;
import dev.ipanema.vmm.probe.Stage2Rows;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The host's devices of one guest. Their files and mappings live as long as the machine; [#attach] gives them to a VM,
/// anew after each reset of the guest.
///
/// [#attach], [#plug] and what follows are called under the VMM's lock.
public final class Passthrough implements AutoCloseable {

    private final Host host;
    private final List<HostDevice> devices;
    private final AddressSpace mm;
    private final VfioContainer container;
    private final Map<String, OpenFunction> open = new LinkedHashMap<>();
    private final AddressPlanner planner;
    private final AddressPlan plan;
    private final List<VfioFunction> functions = new ArrayList<>();
    private final Map<String, Set<DeviceStatus.Refusal>> refusals = new LinkedHashMap<>();
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
                if (!open.containsKey(device.bdf())) {
                    open.put(device.bdf(), open(version, device));
                }
            }
            planner = new AddressPlanner(host, this.devices, open);
            plan = planner.plan(highMmio, highMmioEnd);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /// A device is one function of a guest, or its memory in one place.
    private static void refuseTwice(List<HostDevice> devices) {
        for (int i = 0; i < devices.size(); i++) {
            HostDevice device = devices.get(i);
            boolean again = devices.subList(0, i).stream()
                    .anyMatch(each ->
                            each.getClass() == device.getClass() && each.bdf().equalsIgnoreCase(device.bdf()));
            if (again) {
                throw new BadInput("--device " + device.name() + ": the guest is given it twice");
            }
            boolean otherwise =
                    devices.subList(0, i).stream().anyMatch(each -> each.bdf().equalsIgnoreCase(device.bdf()));
            if (otherwise) {
                throw new BadInput("--device " + device.name() + ": the guest has this device already, as a function"
                        + " or as memory; a guest that switches its decoding off, as Linux does when it sizes BARs,"
                        + " would lose the memory");
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

    /// {@return where the guest's large things lie}
    public AddressPlan plan() {
        return plan;
    }

    /// {@return the memory of the plan as the VMM has mapped it}
    public List<GuestRanges.Range> memory() {
        return planner.memory().stream()
                .map(each -> new GuestRanges.Range(each.ipa(), each.size(), each.hva()))
                .toList();
    }

    // ---- a VM ------------------------------------------------------------------------------------------------------

    /// Gives the devices to a VM that has no slots of theirs yet: asks for the capability, and makes the slots of
    /// memory that is there from reset.
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
            refuse(device.bdf(), refusal, capability.reasons());
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
                VfioFunction function = new VfioFunction(function(device));
                if (wanted.identityMap()) {
                    function.preset(OpenFunction.COHERENT_BAR, planner.identity(wanted));
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
        List<MemorySlots.Wanted> wanted = new ArrayList<>(planner.memory());
        wanted.addAll(windows);
        MemorySlots current = slots;
        if (current == null) {
            return;
        }
        Optional<MemorySlots.Refusal> refusal = current.update(wanted);
        refusal.ifPresent(refused -> {
            failure = "KVM_SET_USER_MEMORY_REGION of " + refused.wanted().name() + " at "
                    + Sizes.hex(refused.wanted().ipa()) + " "
                    + Sizes.format(refused.wanted().size()) + " returned "
                    + Errno.render(refused.errno()) + refused.outcome();
            failureReasons = refused.reasons();
            refuse(refused.wanted().bdf(), failure, failureReasons);
        });
        faults.watch(current.slots().stream().map(MemorySlots.Slot::wanted).toList());
    }

    private void refuse(String bdf, String what, String reasons) {
        refusals.computeIfAbsent(bdf, _ -> new LinkedHashSet<>()).add(new DeviceStatus.Refusal(what, reasons));
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
        MemorySlots current = slots;
        return new DeviceStatus(
                bdf,
                function.vendor(),
                function.deviceId(),
                function.device().driver(),
                function.device().trouble(),
                function.isCoherent() ? function.coherentMemory().size() : 0,
                functions.stream()
                        .filter(plugged -> plugged.belongsTo(function))
                        .flatMap(plugged -> plugged.bars().stream())
                        .toList(),
                current == null
                        ? List.of()
                        : current.slots().stream()
                                .filter(slot -> slot.wanted().bdf().equals(bdf))
                                .map(slot -> status(slot, table, fwb))
                                .toList(),
                current == null
                        ? List.of()
                        : current.hidden().stream()
                                .filter(each -> each.bdf().equals(bdf))
                                .map(each -> new DeviceStatus.Window(each.name(), each.ipa(), each.size()))
                                .toList(),
                List.copyOf(refusals.getOrDefault(bdf, Set.of())));
    }

    private DeviceStatus.Slot status(MemorySlots.Slot slot, Stage2PageTable table, boolean fwb) {
        MemorySlots.Wanted wanted = slot.wanted();
        Vma vma = mm.vmaLookup(wanted.hva());
        SlotFaults.Count count = faults.of(wanted);
        return new DeviceStatus.Slot(
                slot.id(),
                wanted.name(),
                wanted.ipa(),
                wanted.size(),
                vma == null ? "none" : VmFlags.names(vma.vmFlags()) + ", " + vma.pageProt(),
                count.faults(),
                count.nanos(),
                Stage2Rows.of(table, fwb, wanted.name(), wanted.ipa(), wanted.size()));
    }

    /// Finds what of the devices keeps the guest from moving to another host while it runs.
    public void migrate(Migration migration) {
        for (HostDevice device : devices) {
            if (device instanceof HostDevice.Function) {
                migration.device(device.bdf(), function(device).device().driver());
            }
        }
        MemorySlots current = slots;
        if (current != null) {
            for (MemorySlots.Slot slot : current.slots()) {
                MemorySlots.Wanted wanted = slot.wanted();
                migration.slot(slot.id(), wanted.name(), wanted.ipa(), wanted.size(), wanted.hva());
            }
        }
        devices.stream()
                .filter(device -> function(device).isCoherent())
                .map(HostDevice::bdf)
                .distinct()
                .forEach(bdf -> migration.relies("the memory of " + bdf));
    }

    /// Stops what the devices do for the VM that is about to go.
    public void stop() {
        functions.forEach(VfioFunction::stop);
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
