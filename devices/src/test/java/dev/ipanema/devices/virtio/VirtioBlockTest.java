package dev.ipanema.devices.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.devices.block.RawFile;
import dev.ipanema.devices.bus.LittleEndian;
import dev.ipanema.devices.bus.TestIrq;
import dev.ipanema.devices.bus.TestMemory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VirtioBlockTest {
    private static final int IN = 0;
    private static final int OUT = 1;
    private static final int FLUSH = 4;
    private static final int GET_ID = 8;
    private static final int DISCARD = 11;
    private static final int WRITE_ZEROES = 13;
    private static final int OK = 0;
    private static final int IOERR = 1;
    private static final int UNSUPP = 2;
    private static final int SECTORS = 64;

    @TempDir
    private Path folder;

    private final TestMemory memory = TestDriver.memory();
    private Path image = Path.of("");
    private RawFile file;
    private TestDriver driver;

    @BeforeEach
    void open() throws IOException {
        image = folder.resolve("disk.img");
        byte[] content = new byte[SECTORS * 512];
        for (int i = 0; i < content.length; i++) {
            content[i] = (byte) (i >> 9);
        }
        Files.write(image, content);
        file = RawFile.open(image, false);
        driver = newDriver(new VirtioBlock(file, "serial-1"));
        driver.start(1);
    }

    private TestDriver newDriver(VirtioBlock disk) {
        return new TestDriver(new MmioDriver(new VirtioMmio(disk, memory, new TestIrq())), memory);
    }

    @AfterEach
    void close() throws IOException {
        file.close();
    }

    private static byte[] header(int type, long sector) {
        byte[] bytes = new byte[16];
        LittleEndian.put32(bytes, 0, type);
        LittleEndian.put64(bytes, 8, sector);
        return bytes;
    }

    private static byte[] range(long sector, int sectors, int flags) {
        byte[] bytes = new byte[16];
        LittleEndian.put64(bytes, 0, sector);
        LittleEndian.put32(bytes, 8, sectors);
        LittleEndian.put32(bytes, 12, flags);
        return bytes;
    }

    private int send(int type, long sector, byte[] data) {
        TestDriver.Buffer status = driver.out(1);
        driver.request(0, driver.in(header(type, sector)), driver.in(data), status);
        return driver.bytes(status.address(), 1)[0];
    }

    private int read(long sector, TestDriver.Buffer... room) {
        TestDriver.Buffer[] buffers = new TestDriver.Buffer[room.length + 2];
        buffers[0] = driver.in(header(IN, sector));
        System.arraycopy(room, 0, buffers, 1, room.length);
        TestDriver.Buffer status = driver.out(1);
        buffers[buffers.length - 1] = status;
        driver.request(0, buffers);
        return driver.bytes(status.address(), 1)[0];
    }

    private byte[] onDisk(int sector) throws IOException {
        return Arrays.copyOfRange(Files.readAllBytes(image), sector * 512, (sector + 1) * 512);
    }

    private static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    @Test
    void theConfigurationTellsTheCapacityInSectors() {
        assertThat(driver.transport().config(0, 8)).isEqualTo(SECTORS);
        assertThat(driver.transport().config(20, 4)).isEqualTo(512);
    }

    @Test
    void aReadIsScatteredOverItsBuffers() {
        TestDriver.Buffer first = driver.out(100);
        TestDriver.Buffer second = driver.out(924);

        assertThat(read(7, first, second)).isEqualTo(OK);
        assertThat(driver.bytes(first.address(), 100)).isEqualTo(filled(100, 7));
        assertThat(Arrays.copyOf(driver.bytes(second.address(), 924), 412)).isEqualTo(filled(412, 7));
        assertThat(driver.bytes(second.address(), 924)[412]).isEqualTo((byte) 8);
    }

    @Test
    void aWriteReachesTheFile() throws IOException {
        assertThat(send(OUT, 3, filled(1024, 0xaa))).isEqualTo(OK);

        assertThat(onDisk(2)).isEqualTo(filled(512, 2));
        assertThat(onDisk(3)).isEqualTo(filled(512, 0xaa));
        assertThat(onDisk(4)).isEqualTo(filled(512, 0xaa));
        assertThat(onDisk(5)).isEqualTo(filled(512, 5));
    }

    @Test
    void theLastSectorIsReadAndTheOneBehindItIsAnError() {
        assertThat(read(SECTORS - 1, driver.out(512))).isEqualTo(OK);
        assertThat(read(SECTORS - 1, driver.out(1024))).isEqualTo(IOERR);
        assertThat(read(SECTORS, driver.out(512))).isEqualTo(IOERR);
        assertThat(read(-1, driver.out(512))).isEqualTo(IOERR);
        assertThat(read(0x7fff_ffff_ffff_ffffL, driver.out(512))).isEqualTo(IOERR);
    }

    @Test
    void aPartOfASectorIsAnError() {
        assertThat(read(0, driver.out(100))).isEqualTo(IOERR);
    }

    @Test
    void aBufferOutsideMemoryIsAnError() {
        assertThat(read(0, new TestDriver.Buffer(0x1000, 512, true))).isEqualTo(IOERR);
        assertThat(driver.status() & VirtioRegisters.NEEDS_RESET).isZero();
    }

    @Test
    void aRequestWithoutRoomForItsStatusNeedsAReset() {
        driver.add(0, driver.in(header(FLUSH, 0)));
        driver.kick(0);

        assertThat(driver.status() & VirtioRegisters.NEEDS_RESET).isNotZero();
    }

    @Test
    void theIdIsGivenOut() {
        TestDriver.Buffer id = driver.out(20);
        TestDriver.Buffer status = driver.out(1);
        driver.request(0, driver.in(header(GET_ID, 0)), id, status);

        assertThat(new String(driver.bytes(id.address(), 20), StandardCharsets.US_ASCII))
                .startsWith("serial-1\0");
    }

    @Test
    void flushDiscardAndZeroesAreServed() throws IOException {
        assertThat(send(FLUSH, 0, new byte[0])).isEqualTo(OK);
        assertThat(send(DISCARD, 0, range(1, 2, 0))).isEqualTo(OK);
        assertThat(send(WRITE_ZEROES, 0, range(9, 2, 1))).isEqualTo(OK);

        assertThat(onDisk(8)).isEqualTo(filled(512, 8));
        assertThat(onDisk(9)).isEqualTo(new byte[512]);
        assertThat(onDisk(10)).isEqualTo(new byte[512]);
        assertThat(onDisk(11)).isEqualTo(filled(512, 11));
    }

    @Test
    void rangesOutsideTheDiskOrWithUnknownFlagsAreRefused() {
        assertThat(send(WRITE_ZEROES, 0, range(SECTORS - 1, 2, 0))).isEqualTo(IOERR);
        assertThat(send(WRITE_ZEROES, 0, range(-1, 1, 0))).isEqualTo(IOERR);
        assertThat(send(WRITE_ZEROES, 0, range(0, -1, 0))).isEqualTo(IOERR);
        assertThat(send(WRITE_ZEROES, 0, range(0, 1, 2))).isEqualTo(UNSUPP);
        assertThat(send(DISCARD, 0, range(0, 1, 1))).isEqualTo(UNSUPP);
        assertThat(send(DISCARD, 0, new byte[15])).isEqualTo(IOERR);
    }

    @Test
    void anUnknownRequestIsUnsupported() {
        assertThat(send(99, 0, new byte[0])).isEqualTo(UNSUPP);
    }

    @Test
    void aReadOnlyDiskSaysSoAndRefusesWrites() throws IOException {
        try (RawFile readOnly = RawFile.open(image, true)) {
            driver = newDriver(new VirtioBlock(readOnly, ""));
            memory.store(TestDriver.driverArea(0) + 2, 2, 0);
            driver.start(1);

            assertThat(driver.features() & 1 << 5).isNotZero();
            assertThat(driver.features() & 1 << 13).isZero();
            assertThat(send(OUT, 0, filled(512, 1))).isEqualTo(IOERR);
        }
    }
}
