package dev.ipanema.kvm.vgic;

import dev.ipanema.kvm.abort.KvmIoDevice;

/// What a vGIC needs of its VM.
public interface VgicHost {
    /// Brings every vCPU out of the guest and holds it there (`kvm_arm_halt_guest`).
    void haltGuest();

    /// Lets the vCPUs run on (`kvm_arm_resume_guest`).
    void resumeGuest();

    /// Holds every vCPU's file descriptor (`kvm_trylock_all_vcpus`).
    ///
    /// @return false when one of them is in use
    boolean tryLockAllVcpus();

    /// Gives them back.
    void unlockAllVcpus();

    /// Puts a device on the VM's MMIO bus (`kvm_io_bus_register_dev`).
    ///
    /// @return 0, or -EEXIST when the range overlaps another device
    int registerMmio(long ipa, long size, KvmIoDevice device);

    /// Maps the physical virtual CPU interface of a GICv2 where the guest looks for its CPU interface
    /// (`kvm_phys_addr_ioremap`).
    ///
    /// @return 0 or a negated errno
    int mapCpuInterface(long ipa);

    /// {@return the VM's IPA size in bits}
    int ipaBits();

    /// {@return whether an IPA lies in a memory slot of the guest}
    boolean isGuestMemory(long ipa);

    /// Reads guest memory (`kvm_read_guest`).
    ///
    /// @return false when some of it is not there
    boolean readGuest(long ipa, byte[] to, int offset, int length);

    /// Writes guest memory (`kvm_write_guest`).
    ///
    /// @return false when some of it is not there
    boolean writeGuest(long ipa, byte[] from, int offset, int length);

    /// Tells whoever listens that the guest has ended a level-triggered SPI (`kvm_notify_acked_irq`).
    ///
    /// @param spi number of the interrupt less 32
    void notifyAcked(int spi);
}
