package dev.ipanema.kvm.vm;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.kvm.vm.TestVm.MEMORY;
import static dev.ipanema.kvm.vm.TestVm.SIZE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.uapi.KvmMem;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import org.junit.jupiter.api.Test;

class GuestMemfdTest {
    private static final long MAPPABLE = KvmMem.GUEST_MEMFD_FLAG_MMAP | KvmMem.GUEST_MEMFD_FLAG_INIT_SHARED;

    private static int slot(TestVm test, int fd, long offset, long hva) {
        return test.vm.setUserMemoryRegion2(
                new UserspaceMemoryRegion(1, KvmMem.KVM_MEM_GUEST_MEMFD, MEMORY, SIZE, hva, fd, offset));
    }

    @Test
    void guestAndVmmShareItsPages() {
        try (TestVm test = new TestVm("max", "linux-7.3")) {
            int fd = test.vm.createGuestMemfd(SIZE, MAPPABLE);
            long hva = test.mapped(test.vm.guestMemfd(fd), SIZE);
            assertThat(slot(test, fd, 0, hva)).isZero();
            assertThat(test.run(code ->
                            code.movImm(X1, MEMORY + 0x2008).movImm(X0, 123).str(X0, X1)))
                    .isZero();
            assertThat(test.ended()).isTrue();
            assertThat(test.mm.userMemory().load(hva + 0x2008, 8)).isEqualTo(123);
            assertThat(test.leaf(MEMORY + 0x2000).level()).isEqualTo(3);
        }
    }

    @Test
    void holeUnmapsTheGuest() {
        try (TestVm test = new TestVm("max", "linux-7.3")) {
            int fd = test.vm.createGuestMemfd(SIZE, MAPPABLE);
            slot(test, fd, 0, test.mapped(test.vm.guestMemfd(fd), SIZE));
            test.run(code -> code.movImm(X1, MEMORY).str(X1, X1));
            test.vm.guestMemfd(fd).punchHole(0, 0x1000);
            assertThat(test.leaf(MEMORY).isMapped()).isFalse();
            test.run(code -> code.movImm(X1, MEMORY).ldr(X0, X1));
            assertThat(test.result()).isZero();
        }
    }

    @Test
    void permissionFaultRelaxesSince73() {
        try (TestVm test = new TestVm("cortex-a710", "linux-7.3")) {
            int fd = test.vm.createGuestMemfd(SIZE, MAPPABLE);
            slot(test, fd, 0, test.mapped(test.vm.guestMemfd(fd), SIZE));
            assertThat(test.run(code -> code.movImm(X1, MEMORY)
                            .movImm(X0, 0xd65f03c0L)
                            .str(X0, X1)
                            .dsb(15)
                            .isb()
                            .blr(X1)))
                    .isZero();
            assertThat(test.ended()).isTrue();
        }
    }

    @Test
    void badDescriptorsAndRangesAreRefused() {
        try (TestVm test = new TestVm("max", "linux-7.3")) {
            assertThat(slot(test, 7, 0, test.anonymous(SIZE))).isEqualTo(Errno.EBADF.negated());
            int fd = test.vm.createGuestMemfd(SIZE, MAPPABLE);
            assertThat(slot(test, fd, 0x1000, test.anonymous(SIZE))).isEqualTo(Errno.EINVAL.negated());
            int unmappable = test.vm.createGuestMemfd(SIZE, 0);
            assertThat(slot(test, unmappable, 0, test.anonymous(SIZE))).isEqualTo(Errno.EINVAL.negated());
            assertThat(test.vm.createGuestMemfd(SIZE + 1, 0)).isEqualTo(Errno.EINVAL.negated());
        }
    }

    @Test
    void isNotBuiltInBefore618() {
        try (TestVm test = new TestVm("max", "linux-6.17")) {
            assertThat(test.vm.createGuestMemfd(SIZE, 0)).isEqualTo(Errno.ENOTTY.negated());
        }
    }
}
