package dev.ipanema.host.mm;

import static dev.ipanema.host.mm.MmFixture.HVA;
import static dev.ipanema.host.mm.MmFixture.MIB2;
import static dev.ipanema.host.mm.MmFixture.PAGE;
import static dev.ipanema.host.mm.MmFixture.RW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class UserMemoryTest {
    private final MmFixture fixture = new MmFixture();
    private final UserMemory user = fixture.mm.userMemory();

    @AfterEach
    void close() {
        fixture.close();
    }

    private void mapDevice(PteAttrIndex attr) {
        MappableFile file = new MappableFile() {
            @Override
            public String name() {
                return "/dev/device";
            }

            @Override
            public int mmap(AddressSpace mm, Vma vma) {
                vma.setPageProt(attr);
                vma.setOps(VmOperations.NO_FAULT);
                return PfnInsertion.remapPfnRange(
                        mm, vma, vma.start(), MmFixture.NOMAP >>> 12, vma.size(), vma.vmPageProt());
            }
        };
        fixture.shared(file, MIB2);
    }

    @Test
    void bytesAcrossPagesComeBackAsWritten() {
        fixture.anonymous(MIB2, RW);
        byte[] written = new byte[10_000];
        for (int i = 0; i < written.length; i++) {
            written[i] = (byte) (i * 7);
        }
        byte[] read = new byte[written.length];

        assertThat(user.write(HVA + 100, written, 0, written.length)).isEqualTo(UserFault.NONE);
        assertThat(user.read(HVA + 100, read, 0, read.length)).isEqualTo(UserFault.NONE);

        assertThat(read).isEqualTo(written);
    }

    @Test
    void unalignedLoadAcrossPagesIsLittleEndian() {
        fixture.anonymous(MIB2, RW);
        user.store(HVA + PAGE - 3, 8, 0x1122_3344_5566_7788L);

        assertThat(user.load(HVA + PAGE - 3, 8)).isEqualTo(0x1122_3344_5566_7788L);
        assertThat(user.load(HVA + PAGE, 4)).isEqualTo(0x2233_4455L);
    }

    @Test
    void unalignedAccessToDeviceMemoryIsSigbus() {
        mapDevice(PteAttrIndex.MT_DEVICE_nGnRE);

        assertThatThrownBy(() -> user.load(HVA + 1, 4))
                .isInstanceOfSatisfying(
                        UserMemory.UserFaultException.class,
                        e -> assertThat(e.fault()).isEqualTo(UserFault.BUS_ADRALN));
        user.store(HVA + 8, 8, 4);
        assertThat(user.load(HVA + 8, 8)).isEqualTo(4);
    }

    @Test
    void unalignedAccessToNonCacheableMemoryWorks() {
        mapDevice(PteAttrIndex.MT_NORMAL_NC);

        user.store(HVA + 3, 8, 0xabcdL);

        assertThat(user.load(HVA + 3, 8)).isEqualTo(0xabcdL);
    }

    @Test
    void accessWithoutMappingIsMaperr() {
        assertThat(user.touch(HVA, false)).isEqualTo(UserFault.SEGV_MAPERR);
    }

    @Test
    void writeWithoutPermissionIsAccerr() {
        fixture.anonymous(PAGE, Mman.PROT_READ);

        assertThat(user.touch(HVA, true)).isEqualTo(UserFault.SEGV_ACCERR);
        assertThat(user.touch(HVA, false)).isEqualTo(UserFault.NONE);
    }

    @Test
    void readWithoutPermissionIsAccerr() {
        fixture.anonymous(PAGE, RW);
        fixture.store(0, 1);
        fixture.mm.mprotect(HVA, PAGE, Mman.PROT_NONE);

        assertThat(user.touch(HVA, false)).isEqualTo(UserFault.SEGV_ACCERR);
    }

    @Test
    void writeStopsAtTheFirstFault() {
        fixture.anonymous(PAGE, RW);

        UserFault fault = user.write(HVA + PAGE - 4, new byte[] {1, 2, 3, 4, 5, 6}, 0, 6);

        assertThat(fault).isEqualTo(UserFault.SEGV_MAPERR);
        assertThat(user.load(HVA + PAGE - 4, 4)).isEqualTo(0x0403_0201L);
    }
}
