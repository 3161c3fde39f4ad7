package dev.ipanema.kvm.vgic;

import dev.ipanema.arm.gic.Gicd;
import dev.ipanema.arm.gic.Gits;
import dev.ipanema.arm.gic.ItsCommand;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.abort.KvmIoDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// The registers of an ITS (`vgic-its.c`), its command queue in guest memory, and what a device's write of an event
/// leads to. The monitor guards everything (the kernel's `cmd_lock` and `its_lock`); it is taken before that of an
/// ap_list.
final class VgicIts implements KvmIoDevice {
    private static final int WORD = 4;
    private static final int DEVICES = 0;
    private static final int COLLECTIONS = 1;

    private final Vgic vgic;
    private final ItsTranslations translations;
    private final long[] baser = {
        Gits.initialBaser(Gits.TYPE_DEVICE, ItsTranslations.ENTRY_SIZE),
        Gits.initialBaser(Gits.TYPE_COLLECTION, ItsTranslations.ENTRY_SIZE)
    };
    private boolean enabled;
    private long cbaser;
    private long cwriter;
    private long creadr;

    /// Where it lies in the guest, [Vgic#UNDEFINED] for nowhere.
    private long base = Vgic.UNDEFINED;

    VgicIts(Vgic vgic) {
        this.vgic = vgic;
        this.translations = new ItsTranslations(vgic);
    }

    // ---- the VMM's side --------------------------------------------------------------------------------------------

    synchronized long base() {
        return base;
    }

    /// Puts it into the guest (`vgic_register_its_iodev`).
    ///
    /// @return 0, or -EINVAL unaligned, -E2BIG outside the guest's space, -EBUSY when it has a place, -EEXIST
    synchronized int place(long ipa) {
        if (base != Vgic.UNDEFINED) {
            return Errno.EBUSY.negated();
        }
        if ((ipa & (Gits.PAGE_SIZE - 1)) != 0) {
            return Errno.EINVAL.negated();
        }
        if (ipa < 0 || ipa > (1L << vgic.host().ipaBits()) - Gits.SIZE) {
            return Errno.E2BIG.negated();
        }
        int result = vgic.host().registerMmio(ipa, Gits.SIZE, this);
        if (result == 0) {
            base = ipa;
        }
        return result;
    }

    /// Puts it into reset state (`KVM_DEV_ARM_ITS_CTRL_RESET`).
    synchronized void reset() {
        enabled = false;
        cbaser = 0;
        cwriter = 0;
        creadr = 0;
        translations.clear();
        baser[DEVICES] = Gits.initialBaser(Gits.TYPE_DEVICE, ItsTranslations.ENTRY_SIZE);
        baser[COLLECTIONS] = Gits.initialBaser(Gits.TYPE_COLLECTION, ItsTranslations.ENTRY_SIZE);
    }

    /// {@return whether a message to an address is for this ITS}
    synchronized boolean isTranslater(long address) {
        return base != Vgic.UNDEFINED && address == base + Gits.TRANSLATER;
    }

    /// A device writes an event (`vgic_its_trigger_msi`).
    ///
    /// @return 1, 0 when the guest has not mapped the event, -EBUSY while ITS or LPIs are off
    synchronized int signal(long device, long event) {
        if (!enabled) {
            return Errno.EBUSY.negated();
        }
        return translations.trigger(device, event);
    }

    // ---- registers -------------------------------------------------------------------------------------------------

    @Override
    public synchronized long read(int vcpu, long offset, int len) {
        int at = (int) offset;
        if (!isAllowed(at, len)) {
            return 0;
        }
        return VgicFrame.part(register(at & -Long.BYTES), at, len);
    }

    /// Registers of 64 bits are read whole or by halves; the others are halves of what this gives.
    private static boolean isAllowed(int at, int len) {
        boolean wide = at >= Gits.TYPER && at < Gits.BASER + Gits.BASER_COUNT * Long.BYTES;
        return at % len == 0 && (len == WORD || (len == Long.BYTES && wide));
    }

    private long register(int at) {
        return switch (at) {
            case Gits.CTLR ->
                (enabled ? Gits.CTLR_ENABLED : 0) | Gits.CTLR_QUIESCENT | VgicDistV3.iidr() << Integer.SIZE;
            case Gits.TYPER ->
                Gits.typer(ItsTranslations.DEVICE_BITS, ItsTranslations.EVENT_BITS, ItsTranslations.ENTRY_SIZE);
            case Gits.CBASER -> cbaser;
            case Gits.CWRITER -> cwriter;
            case Gits.CREADR -> creadr;
            case Gits.BASER -> baser[DEVICES];
            case Gits.BASER + Long.BYTES -> baser[COLLECTIONS];
            case Gicd.PIDR2 -> Gicd.PIDR2_GICV3;
            default -> 0;
        };
    }

    @Override
    public synchronized void write(int vcpu, long offset, int len, long value) {
        int at = (int) offset;
        if (!isAllowed(at, len)) {
            return;
        }
        int register = at & -Long.BYTES;
        long whole = VgicFrame.withPart(register(register), at, len, value);
        switch (register) {
            case Gits.CTLR -> {
                if (at == Gits.CTLR) {
                    setEnabled((value & Gits.CTLR_ENABLED) != 0);
                }
            }
            case Gits.CBASER -> setCbaser(whole);
            case Gits.CWRITER -> setCwriter(whole);
            case Gits.BASER -> setBaser(DEVICES, whole);
            case Gits.BASER + Long.BYTES -> setBaser(COLLECTIONS, whole);
            default -> {
                // Read-only.
            }
        }
    }

    /// Without all three tables it stays off (`vgic_mmio_write_its_ctlr`).
    private void setEnabled(boolean on) {
        if (on
                && !enabled
                && !(Gits.isValid(baser[DEVICES]) && Gits.isValid(baser[COLLECTIONS]) && Gits.isValid(cbaser))) {
            return;
        }
        enabled = on;
        processCommands();
    }

    private void setCbaser(long value) {
        if (!enabled) {
            cbaser = Gits.sanitiseCbaser(value);
            creadr = 0;
            cwriter = 0;
        }
    }

    private void setCwriter(long value) {
        long offset = Gits.commandOffset(value);
        if (offset < Gits.cbaserSize(cbaser)) {
            cwriter = offset;
            processCommands();
        }
    }

    private void setBaser(int table, long value) {
        if (enabled) {
            return;
        }
        int type = table == DEVICES ? Gits.TYPE_DEVICE : Gits.TYPE_COLLECTION;
        baser[table] = Gits.sanitiseBaser(value, type, ItsTranslations.ENTRY_SIZE);
        if (!Gits.isValid(baser[table])) {
            if (table == DEVICES) {
                translations.clearDevices();
            } else {
                translations.clearCollections();
            }
        }
    }

    /// Executes the commands up to GITS_CWRITER (`vgic_its_process_commands`). A command that cannot be read, or that
    /// makes no sense, is skipped.
    private void processCommands() {
        if (!enabled) {
            return;
        }
        byte[] bytes = new byte[ItsCommand.SIZE];
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        while (cwriter != creadr) {
            if (vgic.host().readGuest(Gits.cbaserAddress(cbaser) + creadr, bytes, 0, ItsCommand.SIZE)) {
                translations.execute(
                        new ItsCommand(buffer.getLong(0), buffer.getLong(8), buffer.getLong(16), buffer.getLong(24)),
                        baser[DEVICES],
                        baser[COLLECTIONS]);
            }
            creadr += ItsCommand.SIZE;
            if (creadr == Gits.cbaserSize(cbaser)) {
                creadr = 0;
            }
        }
    }

    // ---- registers for the VMM -------------------------------------------------------------------------------------

    /// {@return whether the VMM may access a register (`KVM_DEV_ARM_VGIC_GRP_ITS_REGS`)}
    static boolean has(long offset) {
        boolean table = offset >= Gits.BASER && offset < Gits.BASER + Gits.BASER_COUNT * Long.BYTES;
        return offset % WORD == 0
                && (offset == Gits.CTLR
                        || offset == Gits.IIDR
                        || (offset >= Gits.TYPER
                                && offset < Gits.CREADR + Long.BYTES
                                && isNamed((int) offset & -Long.BYTES))
                        || table);
    }

    private static boolean isNamed(int register) {
        return switch (register) {
            case Gits.TYPER, Gits.CBASER, Gits.CWRITER, Gits.CREADR -> true;
            default -> false;
        };
    }

    /// Reads or writes a register for the VMM, which may restore GITS_CREADR; no vCPU runs.
    ///
    /// @return 0, or -EINVAL for a value that cannot be restored
    synchronized int access(int at, long[] value, boolean write) {
        int len = at < Gits.TYPER ? WORD : Long.BYTES;
        if (!write) {
            value[0] = VgicFrame.part(register(at & -Long.BYTES), at, len);
            return 0;
        }
        if (at == Gits.CREADR) {
            long offset = Gits.commandOffset(value[0]);
            if (enabled || offset >= Gits.cbaserSize(cbaser)) {
                return Errno.EINVAL.negated();
            }
            creadr = offset;
            return 0;
        }
        if (at == Gits.IIDR) {
            return VgicDistV3.isRestorableIidr(value[0]) ? 0 : Errno.EINVAL.negated();
        }
        write(0, at, len, value[0]);
        return 0;
    }
}
