package dev.ipanema.kvm.vgic;

import dev.ipanema.kvm.abort.KvmIoDevice;
import org.jspecify.annotations.Nullable;

/// One frame of registers on the VM's bus (`struct vgic_io_device`). What is not a register reads as zero and ignores
/// writes, as do accesses of a wrong size.
abstract class VgicFrame implements KvmIoDevice {
    final Vgic vgic;
    private final VgicRegion[] regions;
    private final VgicMmio mmio;

    VgicFrame(Vgic vgic, VgicRegion[] regions) {
        this.vgic = vgic;
        this.regions = regions;
        this.mmio = new VgicMmio(vgic);
    }

    /// {@return whose private interrupts an access reaches, null for nobody's}
    ///
    /// @param vcpu number of the vCPU that accesses
    abstract @Nullable VgicVcpu bank(int vcpu);

    /// Reads a register of kind [VgicRegion.Kind#OWN] or [VgicRegion.Kind#ROUTER].
    ///
    /// @param at offset in the frame
    abstract long readOwn(int vcpu, int at, int len);

    /// Writes a register of kind [VgicRegion.Kind#OWN] or [VgicRegion.Kind#ROUTER].
    abstract void writeOwn(int vcpu, int at, int len, long value);

    /// Writes a register for the VMM, which may restore what a guest cannot write.
    ///
    /// @return 0 or a negated errno
    int writeOwnByUser(int vcpu, int at, int len, long value) {
        writeOwn(vcpu, at, len, value);
        return 0;
    }

    @Override
    public final long read(int vcpu, long offset, int len) {
        VgicRegion region = VgicRegion.find(regions, (int) offset, len, vgic.lines());
        return region == null ? 0 : read(region, vcpu, bank(vcpu), (int) offset, len, false);
    }

    @Override
    public final void write(int vcpu, long offset, int len, long value) {
        VgicRegion region = VgicRegion.find(regions, (int) offset, len, vgic.lines());
        if (region != null) {
            switch (region.kind()) {
                case OWN, ROUTER -> writeOwn(vcpu, (int) offset, len, value);
                case RAZ, RAO -> {
                    // Ignored.
                }
                default -> mmio.write(region.kind(), bank(vcpu), region.intid((int) offset), len, value, false, vcpu);
            }
        }
    }

    private long read(VgicRegion region, int vcpu, @Nullable VgicVcpu bank, int at, int len, boolean user) {
        return switch (region.kind()) {
            case OWN, ROUTER -> readOwn(vcpu, at, len);
            case RAZ -> 0;
            case RAO -> 1;
            default -> mmio.read(region.kind(), bank, region.intid(at), len, user);
        };
    }

    /// {@return whether the VMM may access a register of 32 bits (`vgic_v3_has_attr_regs`)}
    final boolean has(long offset) {
        return offset >= 0
                && offset <= Integer.MAX_VALUE - VgicRegion.WORD
                && VgicRegion.find(regions, (int) offset, VgicRegion.WORD, vgic.lines()) != null;
    }

    /// Reads 32 bits for the VMM (`vgic_uaccess`); the register is there.
    final long userRead(VgicVcpu vcpu, int at) {
        VgicRegion region = VgicRegion.find(regions, at, VgicRegion.WORD, vgic.lines());
        return region == null ? 0 : read(region, vcpu.id(), bank(vcpu.id()), at, VgicRegion.WORD, true);
    }

    /// Writes 32 bits for the VMM (`vgic_uaccess`); the register is there.
    ///
    /// @return 0 or a negated errno
    final int userWrite(VgicVcpu vcpu, int at, long value) {
        VgicRegion region = VgicRegion.find(regions, at, VgicRegion.WORD, vgic.lines());
        if (region == null) {
            return 0;
        }
        return switch (region.kind()) {
            case OWN, ROUTER -> writeOwnByUser(vcpu.id(), at, VgicRegion.WORD, value);
            case RAZ, RAO -> 0;
            default -> {
                mmio.writeByUser(region.kind(), bank(vcpu.id()), region.intid(at), VgicRegion.WORD, value);
                yield 0;
            }
        };
    }

    /// {@return the part of a register of 64 bits that an access reaches}
    static long part(long register, int at, int len) {
        long shifted = register >>> (Byte.SIZE * (at & (Long.BYTES - 1)));
        return len == Long.BYTES ? shifted : shifted & 0xffff_ffffL;
    }

    /// {@return a register of 64 bits with the part replaced that an access reaches}
    static long withPart(long register, int at, int len, long value) {
        if (len == Long.BYTES) {
            return value;
        }
        int shift = Byte.SIZE * (at & Long.BYTES - 1);
        return (register & ~(0xffff_ffffL << shift)) | (value & 0xffff_ffffL) << shift;
    }
}
