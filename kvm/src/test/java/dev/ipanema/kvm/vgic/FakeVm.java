package dev.ipanema.kvm.vgic;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.register.MpidrEl1;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.abort.KvmIoBus;
import dev.ipanema.kvm.abort.KvmIoDevice;
import dev.ipanema.machine.cpu.CpuContext;
import java.util.ArrayList;
import java.util.List;

/// A VM around a vGIC for tests: some memory, vCPUs that never run, and a bus to reach the frames by.
final class FakeVm implements VgicHost {
    static final long GICD = 0x0800_0000L;
    static final long GICR = 0x080a_0000L;
    static final long ITS = 0x0900_0000L;
    static final long RAM = 0x4000_0000L;
    static final int RAM_SIZE = 4 << 20;

    final byte[] ram = new byte[RAM_SIZE];
    final List<Port> ports = new ArrayList<>();
    final List<VgicVcpu> vcpus = new ArrayList<>();
    final List<Integer> acked = new ArrayList<>();
    final Vgic vgic;
    KvmIoBus bus = KvmIoBus.EMPTY;
    boolean running;

    FakeVm(boolean v3, int cpus) {
        vgic = new Vgic(this, v3);
        for (int i = 0; i < cpus; i++) {
            Port port = new Port(i);
            ports.add(port);
            vcpus.add(vgic.addVcpu(port));
        }
    }

    /// A vCPU that counts its kicks.
    static final class Port implements VcpuPort {
        final int id;
        final CpuContext cpu = new CpuContext(CpuModel.parse("neoverse-n1"));
        int kicks;

        Port(int id) {
            this.id = id;
        }

        @Override
        public int id() {
            return id;
        }

        @Override
        public long affinity() {
            return MpidrEl1.of(id % 16, id / 16, 0);
        }

        @Override
        public CpuContext cpu() {
            return cpu;
        }

        @Override
        public boolean hasRunOnce() {
            return false;
        }

        @Override
        public void kickForInterrupt() {
            kicks++;
        }
    }

    @Override
    public void haltGuest() {}

    @Override
    public void resumeGuest() {}

    @Override
    public boolean tryLockAllVcpus() {
        return !running;
    }

    @Override
    public void unlockAllVcpus() {}

    @Override
    public int registerMmio(long ipa, long size, KvmIoDevice device) {
        if (bus.overlaps(ipa, size)) {
            return Errno.EEXIST.negated();
        }
        bus = bus.with(ipa, size, device);
        return 0;
    }

    @Override
    public int mapCpuInterface(long ipa) {
        return 0;
    }

    @Override
    public int ipaBits() {
        return 40;
    }

    @Override
    public boolean isGuestMemory(long ipa) {
        return ipa >= RAM && ipa < RAM + RAM_SIZE;
    }

    @Override
    public boolean readGuest(long ipa, byte[] to, int offset, int length) {
        if (ipa < RAM || ipa > RAM + RAM_SIZE - length) {
            return false;
        }
        System.arraycopy(ram, (int) (ipa - RAM), to, offset, length);
        return true;
    }

    @Override
    public boolean writeGuest(long ipa, byte[] from, int offset, int length) {
        if (ipa < RAM || ipa > RAM + RAM_SIZE - length) {
            return false;
        }
        System.arraycopy(from, offset, ram, (int) (ipa - RAM), length);
        return true;
    }

    @Override
    public void notifyAcked(int spi) {
        acked.add(spi);
    }

    /// Writes memory, little-endian.
    void poke(long ipa, int bytes, long value) {
        for (int i = 0; i < bytes; i++) {
            ram[(int) (ipa - RAM) + i] = (byte) (value >>> (8 * i));
        }
    }

    long read(long ipa, int len) {
        return bus.read(0, ipa, len);
    }

    void write(long ipa, int len, long value) {
        bus.write(0, ipa, len, value);
    }

    /// Enters and leaves the guest on a vCPU, which does something with its CPU interface meanwhile.
    void enter(int vcpu, Runnable guest) {
        VgicVcpu entering = vcpus.get(vcpu);
        entering.load();
        entering.flush();
        guest.run();
        entering.sync();
        entering.put();
    }
}
