package dev.ipanema.host.vfio;

import static dev.ipanema.host.vfio.VfioFixture.BAR0;
import static dev.ipanema.host.vfio.VfioFixture.BAR2;
import static dev.ipanema.host.vfio.VfioFixture.BAR4;
import static dev.ipanema.host.vfio.VfioFixture.CONFIG;
import static dev.ipanema.host.vfio.VfioFixture.HVA;
import static dev.ipanema.host.vfio.VfioFixture.PAGE;
import static dev.ipanema.host.vfio.VfioFixture.PRIVATE;
import static dev.ipanema.host.vfio.VfioFixture.RW;
import static dev.ipanema.host.vfio.VfioFixture.SHARED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.host.driver.PfnMapping;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.MemoryErrorSignal;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.UserFault;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.host.mm.Vma;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.host.platform.HostProfile.Properties;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NvgraceGpuTest {
    private static final int READ_WRITE_MMAP = VfioUapi.VFIO_REGION_INFO_FLAG_READ
            | VfioUapi.VFIO_REGION_INFO_FLAG_WRITE
            | VfioUapi.VFIO_REGION_INFO_FLAG_MMAP;

    // ---- regions ---------------------------------------------------------------------------------------------------

    @Test
    void gh200HasUsememOf95GAndResmemOfTheLast1G() {
        try (VfioFixture fixture = VfioFixture.of("gh200")) {
            VfioRegionInfo usemem = fixture.region(4);
            VfioRegionInfo resmem = fixture.region(2);

            assertThat(fixture.device().driver()).isEqualTo("nvgrace-gpu");
            assertThat(fixture.device().trouble()).isEmpty();
            assertThat(usemem.size()).isEqualTo(128 * Sizes.GIB);
            assertThat(usemem.offset()).isEqualTo(4L << 40);
            assertThat(usemem.flags()).isEqualTo(READ_WRITE_MMAP | VfioUapi.VFIO_REGION_INFO_FLAG_CAPS);
            assertThat(usemem.sparse()).containsExactly(new VfioRegionInfo.SparseArea(0, 95 * Sizes.GIB));
            assertThat(resmem.size()).isEqualTo(Sizes.GIB);
            assertThat(resmem.sparse()).containsExactly(new VfioRegionInfo.SparseArea(0, Sizes.GIB));
            assertThat(fixture.region(5).size()).isZero();
            assertThat(fixture.region(3).size()).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"gb200, 192, 256", "gb300, 288, 512", "cxl, 288, 512"})
    void modelsWithoutTheBugGiveAllMemoryAndTheirOwnBar2(String host, long memoryGib, long barGib) {
        try (VfioFixture fixture = VfioFixture.of(host)) {
            assertThat(fixture.region(4).size()).isEqualTo(barGib * Sizes.GIB);
            assertThat(fixture.region(4).sparse())
                    .containsExactly(new VfioRegionInfo.SparseArea(0, memoryGib * Sizes.GIB));
            assertThat(fixture.region(2).size()).isEqualTo(64 * Sizes.MIB);
            assertThat(fixture.region(2).sparse()).isEmpty();
        }
    }

    @Test
    void barSizeIsComputedBeforeTheLengthIsRoundedDown() {
        // 129.25 GiB with the bug: 128.25 GiB are left, whose power of two is 256 GiB, but only 128 GiB are mapped.
        MemRegion.Layout layout = MemRegion.divide(0, 129 * Sizes.GIB + 256 * Sizes.MIB, true);

        assertThat(layout.usemem().length()).isEqualTo(128 * Sizes.GIB);
        assertThat(layout.usemem().barSize()).isEqualTo(256 * Sizes.GIB);
        assertThat(layout.resmem().length()).isEqualTo(Sizes.GIB + 256 * Sizes.MIB);
        assertThat(layout.resmem().barSize()).isEqualTo(2 * Sizes.GIB);
    }

    @Test
    void sizeThatIsNoMultipleOf512MLeavesTheRestToResmem() {
        MemRegion.Layout layout = MemRegion.divide(512 * Sizes.GIB, 96 * Sizes.GIB + 300 * Sizes.MIB, true);

        assertThat(layout.usemem().length()).isEqualTo(95 * Sizes.GIB);
        assertThat(layout.usemem().barSize()).isEqualTo(128 * Sizes.GIB);
        assertThat(layout.resmem().phys()).isEqualTo((512 + 95) * Sizes.GIB);
        assertThat(layout.resmem().length()).isEqualTo(Sizes.GIB + 300 * Sizes.MIB);
        assertThat(layout.resmem().barSize()).isEqualTo(2 * Sizes.GIB);
    }

    @Test
    void memoryThatTheBugLeavesNothingOfIsRefused() {
        assertThat(MemRegion.divide(0, Sizes.GIB + 511 * Sizes.MIB, true).errno())
                .isEqualTo(Errno.EINVAL.negated());
        assertThat(MemRegion.divide(0, Sizes.GIB, true).errno()).isEqualTo(Errno.EINVAL.negated());
        assertThat(MemRegion.divide(0, Sizes.GIB - 1, true).errno()).isEqualTo(Errno.EOVERFLOW.negated());
        assertThat(MemRegion.divide(0, 4096, false).usemem().barSize()).isEqualTo(4096);
        HostProfile small = HostProfile.parse("gh200").withGpuMemory(Sizes.GIB);
        try (VfioFixture fixture = new VfioFixture(small, false)) {
            assertThat(fixture.open().errno()).isEqualTo(Errno.EINVAL.negated());
            assertThat(fixture.open().reason()).contains("MIG bug");
        }
    }

    // ---- discovery and readiness -----------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({"ABSENT, nvidia\\,gpu-mem-base-pa", "SIZE_0, C2C link was down"})
    void withoutMemoryPropertiesTheDeviceIsAnyDevice(Properties properties, String reason) {
        try (VfioFixture fixture = VfioFixture.of("gh200", gpu -> gpu.withProperties(properties))) {
            assertThat(fixture.device().driver()).isEqualTo("vfio-pci");
            assertThat(fixture.device().trouble()).contains(reason.replace("\\", ""));
            assertThat(fixture.region(4).size()).isZero();
            assertThat(fixture.region(4).flags()).isZero();
            assertThat(fixture.region(2).size()).isEqualTo(64 * Sizes.MIB);
        }
    }

    @Test
    void linkDownOrUntrainedMemoryFailsTheProbeAfter30Seconds() {
        for (boolean link : new boolean[] {true, false}) {
            try (VfioFixture fixture =
                    VfioFixture.of("gb200", gpu -> gpu.withLink(link).withTrained(!link))) {
                VfioOpening opening = fixture.open();

                assertThat(opening.errno()).isEqualTo(Errno.ETIME.negated());
                assertThat(opening.reason()).contains("C2C").contains("HBM");
                assertThat(opening.device()).isNull();
                assertThat(fixture.clock.millis()).isBetween(30_000L, 32_000L);
                assertThat(fixture.clock.sleeps()).containsOnly(1000L);
            }
        }
    }

    @Test
    void memoryThatIsTrainedWhileTheDriverWaitsIsTaken() {
        try (VfioFixture fixture = VfioFixture.of("gb200", gpu -> gpu.withTrained(false))) {
            fixture.clock.whileSleeping(() -> {
                if (fixture.clock.millis() == 5000) {
                    fixture.gpu().setTrained(true);
                }
            });

            assertThat(fixture.open().errno()).isZero();
            assertThat(fixture.clock.millis()).isEqualTo(5000);
        }
    }

    @Test
    void killedWaitIsEintr() {
        try (VfioFixture fixture = VfioFixture.of("gb200", gpu -> gpu.withTrained(false))) {
            fixture.clock.kill();

            assertThat(fixture.open().errno()).isEqualTo(Errno.EINTR.negated());
        }
    }

    @Test
    void cxlDeviceIsAskedByItsDvsecForLessTime() {
        try (VfioFixture fixture = VfioFixture.of("cxl", gpu -> gpu.withLink(false))) {
            VfioOpening opening = fixture.open();

            assertThat(opening.errno()).isEqualTo(Errno.ETIME.negated());
            assertThat(opening.reason()).contains("CXL DVSEC");
            assertThat(fixture.clock.millis()).isBetween(1000L, 1200L);
        }
        try (VfioFixture fixture = VfioFixture.of("cxl", gpu -> gpu.withTrained(false))) {
            assertThat(fixture.open().errno()).isEqualTo(Errno.ETIME.negated());
            assertThat(fixture.clock.millis()).isBetween(1000L, 1200L);
        }
    }

    @Test
    void deviceOpensOnceAtATimeAndOnlyWhereItIs() {
        try (VfioFixture fixture = VfioFixture.of("gb200")) {
            VfioDevice device = fixture.device();

            assertThat(fixture.open().errno()).isEqualTo(Errno.EBUSY.negated());
            device.close();
            device.close();
            assertThat(device.pread(CONFIG, new byte[4], 0, 4)).isEqualTo(Errno.EBADF.negated());
            assertThat(fixture.open().errno()).isZero();
            VfioOpening elsewhere = fixture.host.vfio().open("0001:01:00.0", false);
            assertThat(elsewhere.errno()).isEqualTo(Errno.ENODEV.negated());
            assertThat(elsewhere.reason()).contains("0000:01:00.0");
        }
    }

    // ---- mmap ------------------------------------------------------------------------------------------------------

    @Test
    void usememIsCacheableAndFilledByFaultsOf2M() {
        try (VfioFixture fixture = VfioFixture.of("gb200")) {
            Vma vma = fixture.map(BAR4, 64 * Sizes.MIB);
            assertThat(fixture.mm.lookupLeaf(HVA)).isZero();

            fixture.mm.userMemory().store(HVA + 5 * PAGE, 8, 77);

            assertThat(vma.pageProt()).isEqualTo(PteAttrIndex.MT_NORMAL);
            assertThat(vma.vmFlags() & PfnMapping.FLAGS).isEqualTo(VmFlags.REMAP_FLAGS);
            assertThat(fixture.mm.leafShift(HVA)).isEqualTo(21);
            assertThat(HostPte.pfn(fixture.mm.lookupLeaf(HVA)))
                    .isEqualTo(fixture.profile().memoryBase() >>> 12);
            assertThat(fixture.read(BAR4 + 5 * PAGE, 8)).isEqualTo(77);
        }
    }

    @Test
    void pageWhoseOffsetDisagreesWithItsAddressIsMappedBy4K() {
        try (VfioFixture fixture = VfioFixture.of("gb200")) {
            fixture.map(BAR4 + PAGE, 4 * Sizes.MIB);

            fixture.mm.userMemory().store(HVA, 8, 78);

            assertThat(fixture.mm.leafShift(HVA)).isEqualTo(12);
            assertThat(fixture.read(BAR4 + PAGE, 8)).isEqualTo(78);
        }
    }

    @Test
    void resmemIsNonCacheableMemoryBehindUsemem() {
        try (VfioFixture fixture = VfioFixture.of("gh200")) {
            Vma vma = fixture.map(BAR2, 2 * Sizes.MIB);

            fixture.mm.userMemory().store(HVA, 8, 79);

            assertThat(vma.pageProt()).isEqualTo(PteAttrIndex.MT_NORMAL_NC);
            assertThat(vma.vmFlags() & PfnMapping.FLAGS).isEqualTo(VmFlags.REMAP_FLAGS | VmFlags.VM_ALLOW_ANY_UNCACHED);
            assertThat(HostPte.pfn(fixture.mm.lookupLeaf(HVA)))
                    .isEqualTo((fixture.profile().memoryBase() + 95 * Sizes.GIB) >>> 12);
            assertThat(fixture.read(BAR2, 8)).isEqualTo(79);
        }
    }

    @Test
    void formOf617IsMappedWholeAndStaysWhenDecodingEnds() {
        try (VfioFixture fixture = new VfioFixture(HostProfile.parse("gb200"), true)) {
            Vma vma = fixture.map(BAR4, 8 * Sizes.MIB);

            assertThat(vma.pgoff()).isEqualTo(fixture.profile().memoryBase() >>> 12);
            assertThat(fixture.mm.leafShift(HVA + 8 * Sizes.MIB - PAGE)).isEqualTo(12);
            fixture.write(CONFIG + 4, 2, 0);
            assertThat(fixture.mm.userMemory().touch(HVA, true)).isEqualTo(UserFault.NONE);
            assertThat(fixture.host.kernel().memoryFailure(vma.pgoff())).isEqualTo(Errno.ENXIO.negated());
        }
    }

    @Test
    void mmapRefusesWhatLiesBehindTheMemoryAndPrivateMappings() {
        try (VfioFixture fixture = VfioFixture.of("gh200")) {
            VfioDevice device = fixture.device();
            long einval = Errno.EINVAL.negated();
            long length = 95 * Sizes.GIB;

            assertThat(fixture.mm.mmap(HVA, length + PAGE, RW, SHARED, device, BAR4))
                    .isEqualTo(einval);
            assertThat(fixture.mm.mmap(HVA, PAGE, RW, SHARED, device, BAR4 + length))
                    .isEqualTo(einval);
            assertThat(fixture.mm.mmap(HVA, 2 * PAGE, RW, SHARED, device, BAR4 + length - PAGE))
                    .isEqualTo(einval);
            assertThat(fixture.mm.mmap(HVA, PAGE, RW, SHARED, device, BAR4 + length - PAGE))
                    .isEqualTo(HVA);
            assertThat(fixture.mm.mmap(HVA, 2L << 40, RW, SHARED, device, BAR4)).isEqualTo(einval);
            assertThat(fixture.mm.mmap(HVA, PAGE, RW, PRIVATE, device, BAR4)).isEqualTo(einval);
            assertThat(fixture.mm.mmap(HVA, PAGE, RW, SHARED, device, Long.MAX_VALUE & -PAGE))
                    .isEqualTo(Errno.EOVERFLOW.negated());
            assertThat(fixture.mm.mmap(HVA, PAGE, RW, SHARED, device, 9L << 40)).isEqualTo(einval);
            assertThat(fixture.mm.mmap(HVA, PAGE, RW, SHARED, device, CONFIG)).isEqualTo(einval);
            assertThat(fixture.mm.mmap(HVA, PAGE, RW, SHARED, device, 5L << 40)).isEqualTo(einval);
        }
    }

    @Test
    void suspendedUndecodedAndUnreadyDevicesAreSigbus() {
        try (VfioFixture fixture = VfioFixture.of("gb200")) {
            fixture.map(BAR4, 8 * Sizes.MIB);
            fixture.mm.userMemory().store(HVA, 8, 9);

            fixture.device().setLowPower(true);
            assertThat(fixture.mm.userMemory().touch(HVA, true)).isEqualTo(UserFault.BUS_ADRERR);
            fixture.device().setLowPower(false);
            fixture.write(CONFIG + 4, 2, 0);
            assertThat(fixture.mm.userMemory().touch(HVA, true)).isEqualTo(UserFault.BUS_ADRERR);
            fixture.write(CONFIG + 4, 2, 2);
            assertThat(fixture.mm.userMemory().load(HVA, 8)).isEqualTo(9);
            assertThat(fixture.device().reset()).isZero();
            fixture.gpu().setTrained(false);
            assertThat(fixture.mm.userMemory().touch(HVA, true)).isEqualTo(UserFault.BUS_ADRERR);
            fixture.gpu().setTrained(true);
            assertThat(fixture.mm.userMemory().load(HVA, 8)).isEqualTo(9);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gb200", "cxl"})
    void firstAccessAfterAResetWaitsAndTheNextDoesNot(String name) {
        try (VfioFixture fixture = VfioFixture.of(name)) {
            fixture.map(BAR4, 8 * Sizes.MIB);
            fixture.mm.userMemory().touch(HVA, true);
            int before = fixture.clock.sleeps().size();

            fixture.device().reset();
            assertThat(fixture.mm.userMemory().touch(HVA, true)).isEqualTo(UserFault.NONE);
            int after = fixture.clock.sleeps().size();
            fixture.mm.userMemory().touch(HVA + 4 * Sizes.MIB, true);

            assertThat(after).isGreaterThan(before);
            assertThat(fixture.clock.sleeps()).hasSize(after);
        }
    }

    // ---- read and write --------------------------------------------------------------------------------------------

    @Test
    void accessesOfTheFileEndAtTheBarAndFindNothingBehindTheMemory() {
        try (VfioFixture fixture = VfioFixture.of("gh200")) {
            VfioDevice device = fixture.device();
            long length = 95 * Sizes.GIB;
            long bar = 128 * Sizes.GIB;
            byte[] bytes = new byte[16];

            assertThat(fixture.write(BAR4 + length - 8, 8, 0x1122_3344_5566_7788L))
                    .isEqualTo(8);
            assertThat(device.pread(BAR4 + length - 8, bytes, 0, 16)).isEqualTo(16);
            assertThat(bytes).startsWith(0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0xff, 0xff);
            assertThat(device.pwrite(BAR4 + length, new byte[8], 0, 8)).isEqualTo(8);
            assertThat(fixture.read(BAR4 + length, 8)).isEqualTo(-1);
            assertThat(device.pread(BAR4 + bar - 4, bytes, 0, 16)).isEqualTo(4);
            assertThat(device.pwrite(BAR4 + bar - 4, bytes, 0, 16)).isEqualTo(4);
            assertThat(device.pread(BAR4 + bar, bytes, 0, 16)).isEqualTo(Errno.EINVAL.negated());
            assertThat(device.pwrite(BAR4 + bar, bytes, 0, 16)).isEqualTo(Errno.EINVAL.negated());
            // What lies behind USEMEM is RESMEM, and dropped writes have not reached it.
            assertThat(fixture.read(BAR2, 8)).isZero();
            assertThat(device.pread(BAR2 + Sizes.GIB - 4, bytes, 0, 16)).isEqualTo(4);
        }
    }

    @Test
    void accessesOfTheFileTellWhyTheMemoryIsNotThere() {
        try (VfioFixture fixture = VfioFixture.of("gb200")) {
            fixture.device().reset();
            fixture.write(CONFIG + 4, 2, 0);
            assertThat(fixture.read(BAR4, 8)).isEqualTo(Errno.EIO.negated());
            fixture.write(CONFIG + 4, 2, 2);
            fixture.gpu().setLink(false);
            assertThat(fixture.read(BAR4, 8)).isEqualTo(Errno.ETIME.negated());
            fixture.clock.kill();
            assertThat(fixture.read(BAR4, 8)).isEqualTo(Errno.EINTR.negated());
            fixture.gpu().setLink(true);
            assertThat(fixture.read(BAR4, 8)).isZero();
            // Once it is ready, decoding does not matter to the kernel's own mapping.
            fixture.write(CONFIG + 4, 2, 0);
            assertThat(fixture.read(BAR4, 8)).isZero();
        }
    }

    // ---- configuration space ---------------------------------------------------------------------------------------

    @Test
    void emulatedBarsAreSizedAndKeepWhatFits() {
        try (VfioFixture fixture = VfioFixture.of("gh200")) {
            assertThat(fixture.read(CONFIG + 0x20, 8)).isEqualTo(0xc);
            fixture.write(CONFIG + 0x20, 4, -1);
            fixture.write(CONFIG + 0x24, 4, -1);
            assertThat(fixture.read(CONFIG + 0x20, 8)).isEqualTo(-(128 * Sizes.GIB) | 0xc);
            fixture.write(CONFIG + 0x18, 8, -1);
            assertThat(fixture.read(CONFIG + 0x18, 8)).isEqualTo(-Sizes.GIB | 0xc);
            fixture.write(CONFIG + 0x20, 8, 0x80_1234_5678L);
            assertThat(fixture.read(CONFIG + 0x20, 8)).isEqualTo(0x80_0000_000cL);
            assertThat(fixture.read(CONFIG + 0x24, 4)).isEqualTo(0x80);
            assertThat(fixture.gpu().readConfig(0x20, 4)).isZero();
            assertThat(fixture.gpu().readConfig(0x18, 4) & ~0xfL)
                    .isEqualTo(fixture.profile().bar2Base() & 0xffff_ffffL);
        }
    }

    @Test
    void sizingThatIsTornByteByByteSeesEveryByte() {
        try (VfioFixture fixture = VfioFixture.of("gb200")) {
            for (int i = 7; i >= 0; i--) {
                assertThat(fixture.write(CONFIG + 0x20 + i, 1, 0xff)).isEqualTo(1);
                fixture.read(CONFIG + 0x20 + (i ^ 3), 1);
            }
            assertThat(fixture.read(CONFIG + 0x20, 8)).isEqualTo(-(256 * Sizes.GIB) | 0xc);
            fixture.write(CONFIG + 0x26, 2, 0);
            assertThat(fixture.read(CONFIG + 0x25, 2)).isEqualTo(0xff);
        }
    }

    @Test
    void writeAcrossABarTakesOnlyTheBytesOfTheBar() {
        try (VfioFixture fixture = VfioFixture.of("gb200")) {
            assertThat(fixture.write(CONFIG + 0x24, 8, -1)).isEqualTo(4);
            assertThat(fixture.write(CONFIG + 0x1e, 4, -1)).isEqualTo(2);
            assertThat(fixture.read(CONFIG + 0x1c, 8) >>> 32).isEqualTo(0xcL);
            assertThat(fixture.read(CONFIG + 0x24, 4)).isEqualTo(0xffff_ffc0L);
        }
    }

    @Test
    void resetAndReopeningForgetTheBars() {
        try (VfioFixture fixture = VfioFixture.of("gb200")) {
            fixture.write(CONFIG + 0x20, 8, -1);
            fixture.device().ioctl(VfioUapi.VFIO_DEVICE_RESET);
            assertThat(fixture.read(CONFIG + 0x20, 8)).isEqualTo(0xc);
        }
    }

    @Test
    void ioctlsWithoutMeaningAreEnotty() {
        try (VfioFixture fixture = VfioFixture.of("gb200")) {
            assertThat(fixture.device().ioctl(VfioUapi.VFIO_DEVICE_IOEVENTFD)).isEqualTo(Errno.ENOTTY.negated());
            assertThat(fixture.device().ioctl(0)).isEqualTo(Errno.ENOTTY.negated());
            assertThat(fixture.device().ioctl(-1)).isEqualTo(Errno.ENOTTY.negated());
        }
    }

    // ---- memory failure --------------------------------------------------------------------------------------------

    @Test
    void poisonedMemoryIsASignalToWhoMapsItAndTheMappingGoes() {
        try (VfioFixture fixture = VfioFixture.of("gb200")) {
            fixture.map(BAR4 + 2 * Sizes.MIB, 4 * Sizes.MIB);
            fixture.mm.userMemory().store(HVA + 3 * PAGE, 8, 5);
            long pfn = fixture.profile().memoryBase() + 2 * Sizes.MIB + 3 * PAGE >>> 12;

            assertThat(fixture.host.kernel().memoryFailure(pfn)).isZero();

            assertThat(fixture.mm.takeMemoryErrors()).isEqualTo(List.of(new MemoryErrorSignal(HVA + 3 * PAGE, 12)));
            assertThat(fixture.mm.takeMemoryErrors()).isEmpty();
            assertThat(fixture.mm.lookupLeaf(HVA)).isZero();
            fixture.device().close();
            assertThat(fixture.host.kernel().memoryFailure(pfn)).isEqualTo(Errno.ENXIO.negated());
        }
    }

    @Test
    void barOfTheRegistersIsStillThere() {
        try (VfioFixture fixture = VfioFixture.of("gh200")) {
            assertThat(fixture.read(BAR0, 4)).isEqualTo(0x2342);
        }
    }
}
