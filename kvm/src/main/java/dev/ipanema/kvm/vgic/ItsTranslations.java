package dev.ipanema.kvm.vgic;

import dev.ipanema.arm.gic.Gicr;
import dev.ipanema.arm.gic.Gits;
import dev.ipanema.arm.gic.Intid;
import dev.ipanema.arm.gic.ItsCommand;
import dev.ipanema.base.errno.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What an ITS has been told by commands (`vgic-its.c:vgic_its_cmd_handle_…`): devices with events that lead to LPIs of
/// collections, and collections that lead to redistributors. Guarded by the monitor of its [VgicIts].
///
/// The tables in guest memory only bound what can be mapped, as with KVM; everything is kept here.
final class ItsTranslations {
    /// Bytes of an entry in each table.
    static final int ENTRY_SIZE = 8;

    /// Bits of a device's number.
    static final int DEVICE_BITS = 16;

    /// Bits of an event's number.
    static final int EVENT_BITS = 16;

    private static final int INTID_BITS = 16;

    /// A guest can name any number of events that lead to one LPI; more than this are ignored.
    private static final int MAX_EVENTS = 1 << 17;

    private static final int UNMAPPED = -1;

    private final Vgic vgic;
    private final Map<Long, Device> devices = new HashMap<>();
    private final Map<Integer, Collection> collections = new HashMap<>();
    private int events;

    ItsTranslations(Vgic vgic) {
        this.vgic = vgic;
    }

    /// A device that MAPD has mapped.
    private static final class Device {
        final int eventBits;
        final long itt;
        final Map<Long, Event> events = new HashMap<>();

        Device(int eventBits, long itt) {
            this.eventBits = eventBits;
            this.itt = itt;
        }
    }

    /// Events of one collection go to one processor.
    private static final class Collection {
        int target = UNMAPPED;
    }

    /// An event that leads to an LPI.
    private static final class Event {
        @Nullable
        Collection collection;

        final VgicIrq irq;

        Event(Collection collection, VgicIrq irq) {
            this.collection = collection;
            this.irq = irq;
        }
    }

    // ---- events ----------------------------------------------------------------------------------------------------

    /// Makes the LPI of an event pending.
    ///
    /// @return 1, 0 when the event is not mapped, -EBUSY while the target's LPIs are off
    int trigger(long deviceId, long eventId) {
        Event event = find(deviceId, eventId);
        VgicVcpu target = event == null ? null : target(event.collection);
        if (event == null || target == null) {
            return 0;
        }
        if (!target.redist.lpis().areEnabled()) {
            return Errno.EBUSY.negated();
        }
        synchronized (event.irq) {
            event.irq.pendingLatch = true;
        }
        vgic.queue(event.irq);
        return 1;
    }

    private @Nullable Event find(long deviceId, long eventId) {
        Device device = devices.get(deviceId);
        return device == null ? null : device.events.get(eventId);
    }

    private @Nullable VgicVcpu target(@Nullable Collection collection) {
        return collection == null || collection.target == UNMAPPED ? null : vgic.byId(collection.target);
    }

    // ---- commands --------------------------------------------------------------------------------------------------

    /// Executes a command; one that makes no sense has no effect.
    ///
    /// @param deviceTable GITS_BASER of the devices
    /// @param collectionTable GITS_BASER of the collections
    void execute(ItsCommand command, long deviceTable, long collectionTable) {
        switch (command.number()) {
            case ItsCommand.MAPD -> mapDevice(command, deviceTable);
            case ItsCommand.MAPC -> mapCollection(command, collectionTable);
            case ItsCommand.MAPTI -> mapEvent(command, command.physicalId(), collectionTable);
            case ItsCommand.MAPI -> mapEvent(command, command.eventId(), collectionTable);
            case ItsCommand.MOVI -> moveEvent(command);
            case ItsCommand.MOVALL -> moveAll(command);
            case ItsCommand.INT -> trigger(command.deviceId(), command.eventId());
            case ItsCommand.CLEAR -> clear(command);
            case ItsCommand.DISCARD -> discard(command);
            case ItsCommand.INV -> invalidate(command);
            case ItsCommand.INVALL -> invalidateAll(command);
            default -> {
                // SYNC: every command is complete when it is over. Others are not known.
            }
        }
    }

    private void mapDevice(ItsCommand command, long table) {
        if (!hasEntry(table, command.deviceId(), DEVICE_BITS)
                || (command.isValid() && command.eventBits() > EVENT_BITS)) {
            return;
        }
        Device old = devices.remove(command.deviceId());
        if (old != null) {
            forget(old);
        }
        if (command.isValid()) {
            devices.put(command.deviceId(), new Device(command.eventBits(), command.ittAddress()));
        }
    }

    private void mapCollection(ItsCommand command, long table) {
        int id = command.collectionId();
        if (!command.isValid()) {
            Collection gone = collections.remove(id);
            if (gone != null) {
                detach(gone);
            }
            return;
        }
        long target = command.target();
        if (target > Integer.MAX_VALUE || vgic.byId((int) target) == null) {
            return;
        }
        Collection collection = collection(id, table);
        if (collection != null) {
            collection.target = (int) target;
            VgicVcpu vcpu = vgic.byId((int) target);
            for (Device device : devices.values()) {
                for (Event event : device.events.values()) {
                    if (event.collection == collection) {
                        retarget(event.irq, vcpu);
                    }
                }
            }
        }
    }

    private @Nullable Collection collection(int id, long table) {
        Collection present = collections.get(id);
        if (present == null && hasEntry(table, id, INTID_BITS)) {
            present = new Collection();
            collections.put(id, present);
        }
        return present;
    }

    private void detach(Collection gone) {
        for (Device device : devices.values()) {
            for (Event event : device.events.values()) {
                if (event.collection == gone) {
                    event.collection = null;
                }
            }
        }
    }

    private void mapEvent(ItsCommand command, long lpi, long table) {
        Device device = devices.get(command.deviceId());
        long id = command.eventId();
        if (device == null
                || id >>> device.eventBits != 0
                || !vgic.host().isGuestMemory(device.itt + id * ENTRY_SIZE)
                || lpi < Intid.MIN_LPI
                || lpi >>> Math.min(Gicr.propbaserIdBits(vgic.propbaser()), INTID_BITS) != 0
                || device.events.containsKey(id)
                || events >= MAX_EVENTS) {
            return;
        }
        Collection collection = collection(command.collectionId(), table);
        if (collection == null) {
            return;
        }
        VgicVcpu target = target(collection);
        VgicIrq irq = vgic.lpis().map((int) lpi, target);
        device.events.put(id, new Event(collection, irq));
        events++;
        VgicLpis configuration = (target == null ? vgic.vcpus().getFirst() : target).redist.lpis();
        configuration.readConfiguration(irq);
        if (target != null) {
            configuration.readPending(irq);
        }
    }

    private void moveEvent(ItsCommand command) {
        Event event = find(command.deviceId(), command.eventId());
        Collection to = collections.get(command.collectionId());
        VgicVcpu target = target(to);
        if (event != null && target(event.collection) != null && to != null && target != null) {
            event.collection = to;
            retarget(event.irq, target);
        }
    }

    private void moveAll(ItsCommand command) {
        VgicVcpu from = vcpu(command.target());
        VgicVcpu to = vcpu(command.target2());
        if (from == null || to == null || from.id() == to.id()) {
            return;
        }
        for (VgicIrq irq : vgic.lpis().all()) {
            boolean here;
            synchronized (irq) {
                here = irq.targetVcpu == from;
            }
            if (here) {
                retarget(irq, to);
            }
        }
    }

    private @Nullable VgicVcpu vcpu(long target) {
        return target > Integer.MAX_VALUE ? null : vgic.byId((int) target);
    }

    /// Sends an LPI elsewhere; one that is pending moves there when its present vCPU looks at its list
    /// (`update_affinity`).
    private void retarget(VgicIrq irq, @Nullable VgicVcpu target) {
        VgicVcpu holder;
        synchronized (irq) {
            irq.targetVcpu = target;
            holder = irq.vcpu;
        }
        if (holder != null) {
            holder.port.kickForInterrupt();
        } else {
            vgic.queue(irq);
        }
    }

    private void clear(ItsCommand command) {
        Event event = find(command.deviceId(), command.eventId());
        if (event != null) {
            synchronized (event.irq) {
                event.irq.pendingLatch = false;
            }
        }
    }

    private void discard(ItsCommand command) {
        Device device = devices.get(command.deviceId());
        Event event = device == null ? null : device.events.get(command.eventId());
        if (device != null && event != null && target(event.collection) != null) {
            device.events.remove(command.eventId());
            forget(event);
        }
    }

    private void invalidate(ItsCommand command) {
        Event event = find(command.deviceId(), command.eventId());
        if (event != null) {
            vgic.vcpus().getFirst().redist.lpis().readConfiguration(event.irq);
        }
    }

    private void invalidateAll(ItsCommand command) {
        VgicVcpu target = target(collections.get(command.collectionId()));
        if (target != null) {
            target.redist.lpis().invalidateAll();
        }
    }

    // ---- forgetting ------------------------------------------------------------------------------------------------

    /// Forgets everything.
    void clear() {
        clearDevices();
        clearCollections();
    }

    /// Forgets the devices, and with them the events.
    void clearDevices() {
        for (Iterator<Device> each = devices.values().iterator(); each.hasNext(); ) {
            forget(each.next());
            each.remove();
        }
    }

    /// Forgets the collections; events that belonged to one lead nowhere.
    void clearCollections() {
        for (Collection collection : collections.values()) {
            detach(collection);
        }
        collections.clear();
    }

    private void forget(Device device) {
        for (Event event : device.events.values()) {
            forget(event);
        }
        device.events.clear();
    }

    private void forget(Event event) {
        events--;
        if (vgic.lpis().unmap(event.irq)) {
            synchronized (event.irq) {
                event.irq.pendingLatch = false;
            }
        }
    }

    // ---- tables in guest memory ------------------------------------------------------------------------------------

    /// {@return whether a table has an entry of a number, in guest memory (`vgic_its_check_id`)}
    private boolean hasEntry(long baser, long id, int bits) {
        if (!Gits.isValid(baser) || id >>> bits != 0) {
            return false;
        }
        long base = Gits.baserAddress(baser);
        long size = Gits.baserSize(baser);
        if (!Gits.isIndirect(baser)) {
            return id < size / ENTRY_SIZE && vgic.host().isGuestMemory(base + id * ENTRY_SIZE);
        }
        long perPage = Gits.PAGE_SIZE / ENTRY_SIZE;
        long index = id / perPage;
        byte[] entry = new byte[Long.BYTES];
        if (index >= size / Long.BYTES || !vgic.host().readGuest(base + index * Long.BYTES, entry, 0, Long.BYTES)) {
            return false;
        }
        long level1 = ByteBuffer.wrap(entry).order(ByteOrder.LITTLE_ENDIAN).getLong();
        return Gits.isValid(level1)
                && vgic.host().isGuestMemory(Gits.level2Address(level1) + id % perPage * ENTRY_SIZE);
    }
}
