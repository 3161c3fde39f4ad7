package dev.ipanema.vmm.example;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.guests.program.Operation;
import dev.ipanema.guests.program.Stage1;
import dev.ipanema.host.driver.DeviceRegion;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.vmm.scenario.ProbeMachine;

/// Hands GPU memory to a guest, makes an unaligned load from it, and asks why it ended as it did.
final class AskWhy {
    private static final long SIZE = 64L << 20;
    private static final long IPA = 0x20_0000_0000L;

    private AskWhy() {}

    static String tell(String hostName, String policy) {
        KernelVersion version = KernelVersion.parse(policy);
        HostProfile profile = HostProfile.parse(hostName);
        try (Host host = Host.builder(profile).build();
                ProbeMachine machine = new ProbeMachine(host, version, false, true)) {
            DeviceRegion gpu = host.gpuMemory(DeviceRegion.Kind.USEMEM, 0, SIZE, version.mapsGpuMemoryAtMmap());
            long hva = machine.mm().mmap(0, SIZE, Mman.PROT_READ | Mman.PROT_WRITE, Mman.MAP_SHARED, gpu, 0);
            int errno = machine.vm().setUserMemoryRegion(new UserspaceMemoryRegion(1, 0, IPA, SIZE, hva));
            if (errno != 0) {
                return "slot: " + Errno.render(errno) + "\n" + machine.vm().lastTrail();
            }
            ProbeMachine.Run run = machine.run(Operation.RU, Stage1.WB, IPA);
            StringBuilder text = new StringBuilder();
            text.append(run.end()).append('\n').append(machine.leaf(IPA)).append('\n');
            run.trail().forEach(step -> text.append(step).append('\n'));
            return text.toString();
        }
    }
}
