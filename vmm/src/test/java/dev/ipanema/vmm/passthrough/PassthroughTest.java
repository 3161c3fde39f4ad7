package dev.ipanema.vmm.passthrough;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.guests.program.GpuDriver;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.images.format.GuestImage;
import dev.ipanema.kvm.uapi.KvmCap;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.vm.Kvm;
import dev.ipanema.kvm.vm.Vm;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.vmm.boot.GuestEnd;
import dev.ipanema.vmm.boot.OwnGuest;
import dev.ipanema.vmm.boot.VirtConfig;
import dev.ipanema.vmm.boot.VirtMachine;
import dev.ipanema.vmm.boot.VirtMap;
import dev.ipanema.vmm.scenario.LeafState;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What becomes of a coherent GPU in a guest's hands, by host and kernel: the whole way from the host's driver by KVM
/// to the guest's.
@Timeout(120)
class PassthroughTest {
    private static final long BAR4 = 0x80_0000_0000L;

    /// Where in GPU memory the driver's copies end, and what it copies there first.
    private static final long COPY_AT = 0x10_2ff8;

    private static final long COPIED = 0x0123_4567_89ab_cdefL;
    private static final int MOVZ_X0_8 = 0xd2800100;
    private static final int MOVZ_X0_9 = 0xd2800120;
    private static final int MOVK_X0_8400 = 0xf2b08000;
    private static final String LAST = "gpu: 13 ok, 0 failed";

    private static HostProfile host(String name) {
        return HostProfile.parse(name);
    }

    private static int capability(String host, String policy) {
        try (Host running = Host.builder(host(host)).build()) {
            Kvm kvm = new Kvm(running, KernelVersion.parse(policy));
            try (AddressSpace mm = running.newAddressSpace();
                    Vm vm = kvm.createVm(mm, 0)) {
                return vm.checkExtension(KvmCap.KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED);
            }
        }
    }

    // ---- where it works --------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({"linux-6.17, 1", "linux-6.18, 1", "linux-7.3, 2"})
    void onGraceTheMemoryIsRamOfTheGuest(String policy, int level) {
        GpuRun run = GpuRun.of(host("gb200"), policy, OwnGuest.GPU_DRIVER, GpuRun.function(GpuRun.FIRST));

        assertThat(capability("gb200", policy)).isEqualTo(1);
        assertThat(run.end().reason()).isEqualTo(GuestEnd.Reason.SYSTEM_OFF);
        assertThat(run.console())
                .contains("memory: 0x3000000000", "copy-engine ok")
                .endsWith(LAST);
        assertThat(run.leaves(4)).containsExactly(new LeafState(true, level, "NORMAL_WB", "RW", 0));
        assertThat(run.devices().getFirst().refusals()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gb300", "cxl", "max"})
    void soItIsOnItsRelatives(String name) {
        GpuRun run = GpuRun.of(host(name), "linux-7.3", OwnGuest.GPU_DRIVER, GpuRun.function(GpuRun.FIRST));

        assertThat(run.end().reason()).isEqualTo(GuestEnd.Reason.SYSTEM_OFF);
        assertThat(run.console()).endsWith(LAST);
        assertThat(run.leaves(4)).containsExactly(new LeafState(true, 2, "NORMAL_WB", "RW", 0));
    }

    @Test
    void theMigBugTakesAPartThatIsNeitherCachedNorExecuted() {
        GpuRun run = GpuRun.of(host("gh200"), "linux-7.3", OwnGuest.GPU_DRIVER, GpuRun.function(GpuRun.FIRST));

        assertThat(run.console())
                .contains("bar2: 0xa000000000 size 0x40000000", "resmem ok")
                .endsWith(LAST);
        assertThat(run.leaves(4)).containsExactly(new LeafState(true, 2, "NORMAL_WB", "RW", 0));
        assertThat(run.leaves(2)).containsExactly(new LeafState(true, 2, "NORMAL_NC", "RW", 2));
        assertThat(run.slots(2).getFirst().vma()).contains("ALLOW_ANY_UNCACHED");
    }

    @Test
    void theRegistersAreDeviceMemory() {
        GpuRun run = GpuRun.of(host("gb200"), "linux-7.3", OwnGuest.GPU_DRIVER, GpuRun.function(GpuRun.FIRST));

        assertThat(run.slots(0)).hasSize(3);
        assertThat(run.leaves(0)).allSatisfy(leaf -> {
            assertThat(leaf.type()).isEqualTo("NORMAL_NC");
            assertThat(leaf.xn()).isEqualTo(2);
        });
    }

    @Test
    void touchingAllOfItTakesOneFaultForEach2M() {
        HostProfile profile = host("gb200").withGpuMemory(Sizes.GIB);
        GpuRun run = GpuRun.of(profile, "linux-7.3", OwnGuest.GPU_TOUCH, GpuRun.function(GpuRun.FIRST));

        DeviceStatus.Slot slot = run.slots(4).getFirst();
        assertThat(run.console()).last().asString().startsWith("touch: 512 blocks");
        assertThat(slot.faults()).isEqualTo(512);
        assertThat(slot.stage2()).hasSize(1);
        assertThat(slot.stage2().getFirst().size()).isEqualTo(Sizes.GIB);
    }

    // ---- before the series -----------------------------------------------------------------------------------------

    @Test
    void before617TheFirstUnalignedAccessEndsKvmRun() {
        GpuRun run = GpuRun.of(host("gb200"), "linux-6.16", OwnGuest.GPU_UNALIGNED, GpuRun.forced());

        assertThat(capability("gb200", "linux-6.16")).isZero();
        assertThat(run.end().reason()).isEqualTo(GuestEnd.Reason.KVM_ERRNO);
        assertThat(run.end().message()).matches("KVM_RUN returned -EFAULT at PC 0x400[0-9a-f]{5}");
        assertThat(run.end().details())
                .contains(
                        "PC = 0x400",
                        "ESR_EL2 = DABT alignment fault",
                        "A PFN outside map memory is a device, whatever its VMA says: NON_CACHEABLE",
                        "unsupported FSC, -EFAULT");
        assertThat(run.leaves(4)).containsExactly(new LeafState(true, 1, "DEVICE_nGnRE", "RW", 2));
        assertThat(run.devices().getFirst().refusals())
                .singleElement()
                .extracting(DeviceStatus.Refusal::what)
                .asString()
                .contains("KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED is 0", "not known to linux-6.16");
    }

    @ParameterizedTest
    @ValueSource(strings = {"linux-6.16", "series-v7/1", "series-v7/2", "series-v7/3"})
    void withoutForceTheVmmSaysSoBeforeTheSlot(String policy) {
        assertThatThrownBy(() -> GpuRun.of(host("gb200"), policy, OwnGuest.GPU_DRIVER, GpuRun.function(GpuRun.FIRST)))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("capability 243 is not known to " + policy)
                .hasMessageContaining("add ',force'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"series-v7/2", "series-v7/3"})
    void halfOfTheSeriesRefusesTheSlot(String policy) {
        GpuRun run = GpuRun.of(host("gb200"), policy, OwnGuest.GPU_DRIVER, GpuRun.forced());

        assertThat(run.end().reason()).isEqualTo(GuestEnd.Reason.KVM_ERRNO);
        assertThat(run.end().message())
                .startsWith("KVM_SET_USER_MEMORY_REGION of 0000:01:00.0 BAR 4 at 0x8000000000 192G returned -EINVAL");
        assertThat(run.end().details())
                .contains("the VM_PFNMAP VMA is cacheable and stage 2 cannot follow it (" + policy + ")");
        assertThat(run.slots(4)).isEmpty();
    }

    // ---- lesser hosts ----------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "altra | the host has no FEAT_S2FWB, the host has no CTR_EL0.DIC",
                "a710  | the host has no CTR_EL0.DIC",
            })
    void hostsThatLackAFeatureAreToldWhich(String name, String words) {
        assertThat(capability(name, "linux-7.3")).isZero();
        assertThatThrownBy(() -> GpuRun.of(host(name), "linux-7.3", OwnGuest.GPU_DRIVER, GpuRun.function(GpuRun.FIRST)))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED is 0 (" + words + ")");
    }

    @ParameterizedTest
    @CsvSource({"altra, 96G", "a710, 32G"})
    void withForceTheirSlotIsRefused(String name, String size) {
        GpuRun run = GpuRun.of(host(name), "linux-7.3", OwnGuest.GPU_DRIVER, GpuRun.forced());

        assertThat(run.end().reason()).isEqualTo(GuestEnd.Reason.KVM_ERRNO);
        assertThat(run.end().message())
                .endsWith("BAR 4 at 0x8000000000 " + size
                        + " returned -EINVAL: the VM_PFNMAP VMA is cacheable and stage 2 cannot follow it (linux-7.3)");
        assertThat(run.end().details()).contains("FEAT_S2FWB && CTR_EL0.DIC = false", "=> -EINVAL");
    }

    @ParameterizedTest
    @ValueSource(strings = {"altra", "a710"})
    void theirOrdinaryGuestsRun(String name) {
        GpuRun run = GpuRun.of(host(name), "linux-7.3", OwnGuest.GPU_DRIVER);

        assertThat(run.end().reason()).isEqualTo(GuestEnd.Reason.SYSTEM_OFF);
        assertThat(run.console()).containsExactly("gpu: none");
    }

    @ParameterizedTest
    @ValueSource(strings = {"series-v7/4", "series-v7/5"})
    void theSeriesAsPostedFailsEveryGuestThere(String policy) {
        GpuRun run = GpuRun.of(host("altra"), policy, OwnGuest.GPU_DRIVER);

        assertThat(run.end().reason()).isEqualTo(GuestEnd.Reason.KVM_ERRNO);
        assertThat(run.end().message()).isEqualTo("KVM_RUN returned -EINVAL at PC 0x40000000");
        assertThat(run.end().details())
                .contains(
                        "vma = ordinary",
                        "pfn_is_map_memory = true",
                        "a cacheable VMA is refused without FEAT_S2FWB and CTR_EL0.DIC, whatever the PFN is: -EINVAL");
        assertThat(run.console()).isEmpty();
    }

    // ---- hardware that is not as it should be ----------------------------------------------------------------------

    @Test
    void aLinkThatWasDownAtBootLeavesADeviceWithoutMemory() {
        HostDevices options = new HostDevices();
        options.add("coherent-gpu,link=down");
        GpuRun run = GpuRun.of(
                options.equip(host("gb200")), "linux-7.3", OwnGuest.GPU_DRIVER, GpuRun.function(GpuRun.FIRST));

        assertThat(run.console()).containsExactly("device: 0x2941", "gpu: no coherent memory");
        DeviceStatus device = run.devices().getFirst();
        assertThat(device.coherentBytes()).isZero();
        assertThat(device.trouble()).isNotEmpty();
        assertThat(device.bars()).extracting(DeviceStatus.Bar::index).doesNotContain(4);
    }

    @Test
    void memoryThatIsNeverTrainedLeavesTheDriverUnbound() {
        HostDevices options = new HostDevices();
        options.add("coherent-gpu,training=never");
        HostProfile profile = options.equip(host("gb200"));

        assertThatThrownBy(() -> GpuRun.of(profile, "linux-7.3", OwnGuest.GPU_DRIVER, GpuRun.function(GpuRun.FIRST)))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("-ETIME")
                .hasMessageContaining("C2C link up and HBM trained");
    }

    @Test
    void aHostWithoutTheDeviceSaysWhatThereIs() {
        assertThatThrownBy(() ->
                        GpuRun.of(host("gb200"), "linux-7.3", OwnGuest.GPU_DRIVER, GpuRun.function("0009:01:00.0")))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("0009:01:00.0");
    }

    // ---- several GPUs ----------------------------------------------------------------------------------------------

    @Test
    void eachOfSeveralGpusHasItsPlace() {
        HostProfile profile = host("gb200").withGpuCount(3);
        GpuRun run = GpuRun.of(
                profile,
                "linux-7.3",
                OwnGuest.GPU_DRIVER,
                GpuRun.function(GpuRun.FIRST),
                GpuRun.function("0001:01:00.0"),
                GpuRun.function("0002:01:00.0"));

        assertThat(run.console()).endsWith(LAST);
        assertThat(run.devices())
                .extracting(DeviceStatus::bdf)
                .containsExactly(GpuRun.FIRST, "0001:01:00.0", "0002:01:00.0");
        // The guest drives the first one alone.
        assertThat(run.slots(1, 4)).isEmpty();
        assertThat(run.devices().get(2).bars())
                .allSatisfy(bar -> assertThat(bar.address()).isNegative());
    }

    /// A GPU at the other end of the host: its memory is where the guest's first BAR is not.
    @Test
    void withIdentityMapTheCopyEngineOfTheSecondGpuFindsItsMemory() {
        GpuRun run = GpuRun.of(
                host("gb200").withGpuCount(2),
                "linux-7.3",
                OwnGuest.GPU_DRIVER,
                new HostDevice.Function("0001:01:00.0", true, false));

        assertThat(run.console())
                .contains("bar4: 0x18000000000 size 0x4000000000", "copy-engine ok")
                .endsWith(LAST);
        assertThat(run.slots(4))
                .singleElement()
                .extracting(DeviceStatus.Slot::ipa)
                .isEqualTo(0x180_0000_0000L);
    }

    /// What the driver takes for an address of its own GPU's memory is on the fabric one of the first GPU's.
    @Test
    void withoutItTheCopyGoesIntoTheMemoryOfAnother() {
        long[] found = new long[2];
        HostProfile profile = host("gb200").withGpuCount(2);
        GpuRun run = GpuRun.of(
                profile,
                "linux-7.3",
                OwnGuest.GPU_DRIVER.image(GpuRun.RAM),
                host -> {
                    for (int i = 0; i < found.length; i++) {
                        found[i] = host.machine()
                                .physicalMemory()
                                .load(
                                        Agent.LOADER,
                                        MemoryAttributes.NORMAL_WB,
                                        profile.gpus().get(i).memoryBase() + COPY_AT,
                                        Long.BYTES);
                    }
                },
                GpuRun.function("0001:01:00.0"));

        assertThat(profile.gpus().getFirst().memoryBase()).isEqualTo(BAR4);
        assertThat(run.console()).anyMatch(line -> line.startsWith("copy-engine FAIL"));
        assertThat(run.console()).last().asString().isEqualTo("gpu: 12 ok, 1 failed");
        assertThat(found).isEqualTo(new long[] {COPIED, 0});
    }

    // ---- reset -----------------------------------------------------------------------------------------------------

    /// The driver with PSCI SYSTEM_RESET in place of SYSTEM_OFF.
    private static GuestImage resettingDriver() {
        byte[] image = GpuDriver.image(GpuDriver.Mode.SUITE);
        ByteBuffer words = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        int found = 0;
        for (int at = 0; at < image.length - Integer.BYTES; at += Integer.BYTES) {
            if (words.getInt(at) == MOVZ_X0_8 && words.getInt(at + Integer.BYTES) == MOVK_X0_8400) {
                words.putInt(at, MOVZ_X0_9);
                found++;
            }
        }
        assertThat(found).isEqualTo(1);
        return GuestImage.read("gpu-reset.image", image, false, VirtMap.RAM, GpuRun.RAM);
    }

    @ParameterizedTest
    @ValueSource(strings = {"linux-7.3", "linux-6.17"})
    void afterAResetOfTheGuestEverythingIsAsAfterPowerOn(String policy) {
        StringBuilder console = new StringBuilder();
        AtomicReference<@Nullable VirtMachine> running = new AtomicReference<>();
        VirtConfig config = VirtConfig.builder(resettingDriver(), GpuRun.RAM)
                .hostDevices(List.of(GpuRun.function(GpuRun.FIRST)))
                .build();
        try (Host host = Host.builder(host("gh200")).build();
                VirtMachine machine = new VirtMachine(
                        host, KernelVersion.parse(policy), config, console(console, running), Ticker.system())) {
            running.set(machine);

            GuestEnd end = machine.run(60);

            assertThat(end.reason()).isEqualTo(GuestEnd.Reason.EXPECTED);
            assertThat(machine.resets()).isEqualTo(2);
            List<String> lines = console.toString().lines().toList();
            int once = lines.size() / 3;
            assertThat(lines.subList(once, 2 * once)).isEqualTo(lines.subList(0, once));
            assertThat(lines.subList(2 * once, 3 * once)).isEqualTo(lines.subList(0, once));
            assertThat(lines).last().isEqualTo(LAST);
            assertThat(machine.deviceStatus().getFirst().refusals()).isEmpty();
            assertThat(host.kernel().audit()).isEmpty();
        }
    }

    /// Ends the machine when the suite has run three times.
    private static IntConsumer console(StringBuilder text, AtomicReference<@Nullable VirtMachine> running) {
        return value -> {
            text.append((char) value);
            VirtMachine machine = running.get();
            boolean done = value == '\n'
                    && text.toString().lines().filter(LAST::equals).count() == 3;
            if (done && machine != null) {
                machine.stop(new GuestEnd(GuestEnd.Reason.EXPECTED, "Three times", ""));
            }
        };
    }
}
