package dev.ipanema.kvm.vm;

import static dev.ipanema.arm.a64.Reg.X1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.host.driver.PfnDriver;
import dev.ipanema.host.driver.PfnMapping;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.VmFlags;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Fetching from device memory that has struct pages: refused after the page was pinned, and 6.16 to 6.18 forget the
/// pin.
final class LeakedPageTest {
    /// Memory of the recording host that is not map memory and has struct pages.
    private static final long NOMAP_VALID = 0x6C00_0000L;

    @ParameterizedTest
    @CsvSource({"linux-6.16, 1", "series-v7/5, 1", "linux-6.17, 1", "linux-6.18, 1", "linux-7.3, 0"})
    void refusedFetchKeepsOrReleasesThePage(String version, int leaked) {
        try (TestVm test = new TestVm("max", version)) {
            test.host.kernel().claimReserved(NOMAP_VALID, TestVm.SIZE);
            PfnDriver driver = new PfnDriver(
                    "/dev/test",
                    new PfnMapping(
                            NOMAP_VALID,
                            TestVm.SIZE,
                            NOMAP_VALID >>> HostPte.PAGE_SHIFT,
                            VmFlags.VM_MIXEDMAP | VmFlags.VM_DONTEXPAND | VmFlags.VM_DONTDUMP,
                            PteAttrIndex.MT_NORMAL_NC,
                            PteAttrIndex.MT_NORMAL_NC,
                            PfnMapping.Populate.AT_MMAP,
                            HostPte.PAGE_SHIFT,
                            true));
            assertThat(test.slot(0, test.mapped(driver, TestVm.SIZE))).isZero();
            int before = references(test);

            int result = test.run(code -> code.movImm(X1, TestVm.MEMORY).blr(X1));

            assertThat(result).isZero();
            assertThat(test.tookException()).isTrue();
            assertThat(test.vm.leakedPages()).isEqualTo(leaked);
            assertThat(references(test) - before).isEqualTo(leaked);
        }
    }

    private static int references(TestVm test) {
        return test.host.kernel().pfns().references(NOMAP_VALID >>> HostPte.PAGE_SHIFT);
    }
}
