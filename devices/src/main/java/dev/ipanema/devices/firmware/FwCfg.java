package dev.ipanema.devices.firmware;

import dev.ipanema.devices.bus.LittleEndian;
import dev.ipanema.devices.bus.Registers;
import dev.ipanema.machine.memory.DmaPort;
import dev.ipanema.machine.memory.MmioRegion;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/// QEMU's firmware configuration device with its MMIO registers and the DMA interface: numbered items, among them a
/// directory of named files. Items are read-only.
///
/// Source: QEMU `docs/specs/fw_cfg.rst`; the keys are those of Linux `include/uapi/linux/qemu_fw_cfg.h` and QEMU
/// `include/standard-headers/linux/qemu_fw_cfg.h`.
public final class FwCfg implements MmioRegion {
    /// Bytes of its register window.
    public static final long SIZE = 0x18;

    private static final int DATA = 0x00;
    private static final int SELECTOR = 0x08;
    private static final int DMA_HIGH = 0x10;
    private static final int DMA_LOW = 0x14;

    private static final int KEY_SIGNATURE = 0x00;
    private static final int KEY_ID = 0x01;
    private static final int KEY_RAM_SIZE = 0x03;
    private static final int KEY_NOGRAPHIC = 0x04;
    private static final int KEY_NB_CPUS = 0x05;
    private static final int KEY_KERNEL_SIZE = 0x08;
    private static final int KEY_INITRD_SIZE = 0x0b;
    private static final int KEY_BOOT_MENU = 0x0e;
    private static final int KEY_MAX_CPUS = 0x0f;
    private static final int KEY_KERNEL_DATA = 0x11;
    private static final int KEY_INITRD_DATA = 0x12;
    private static final int KEY_CMDLINE_SIZE = 0x14;
    private static final int KEY_CMDLINE_DATA = 0x15;
    private static final int KEY_SETUP_SIZE = 0x17;
    private static final int KEY_FILE_DIR = 0x19;
    private static final int KEY_FILE_FIRST = 0x20;

    private static final int ID_TRADITIONAL = 1;
    private static final int ID_DMA = 2;

    private static final int DMA_ERROR = 1;
    private static final int DMA_READ = 2;
    private static final int DMA_SKIP = 4;
    private static final int DMA_SELECT = 8;
    private static final int DMA_WRITE = 16;
    private static final int DMA_COMMAND = 16;

    /// "QEMU CFG", what the DMA register reads.
    private static final long DMA_SIGNATURE = 0x5145_4d55_2043_4647L;

    private static final int NAME = 56;
    private static final int ENTRY = 8 + NAME;

    /// Bytes that a DMA read may ask for behind the end of an item; they read as zero.
    private static final long MAX_BEHIND = 1 << 20;

    private static final int CHUNK = 64 << 10;

    private final DmaPort dma;
    private final Map<Integer, byte[]> items = new HashMap<>();
    private final TreeMap<String, byte[]> files = new TreeMap<>();
    private byte[] selected = {};
    private long position;
    private long dmaAddress;

    public FwCfg(DmaPort dma) {
        this.dma = dma;
        items.put(KEY_SIGNATURE, "QEMU".getBytes(StandardCharsets.US_ASCII));
        items.put(KEY_ID, number(Integer.BYTES, ID_TRADITIONAL | ID_DMA));
        items.put(KEY_NOGRAPHIC, number(Short.BYTES, 1));
        items.put(KEY_BOOT_MENU, number(Short.BYTES, 0));
        items.put(KEY_SETUP_SIZE, number(Integer.BYTES, 0));
    }

    private static byte[] number(int bytes, long value) {
        byte[] number = new byte[Long.BYTES];
        LittleEndian.put64(number, 0, value);
        return Arrays.copyOf(number, bytes);
    }

    // ---- what it tells ---------------------------------------------------------------------------------------------

    /// Tells how many vCPUs there are and how large the RAM is.
    public FwCfg machine(int cpus, long ramSize) {
        items.put(KEY_NB_CPUS, number(Short.BYTES, cpus));
        items.put(KEY_MAX_CPUS, number(Short.BYTES, cpus));
        items.put(KEY_RAM_SIZE, number(Long.BYTES, ramSize));
        return this;
    }

    /// Gives firmware a kernel to start.
    public FwCfg kernel(byte[] image) {
        items.put(KEY_KERNEL_SIZE, number(Integer.BYTES, image.length));
        items.put(KEY_KERNEL_DATA, image);
        return this;
    }

    /// Gives firmware the kernel's initial RAM disk.
    public FwCfg initrd(byte[] image) {
        items.put(KEY_INITRD_SIZE, number(Integer.BYTES, image.length));
        items.put(KEY_INITRD_DATA, image);
        return this;
    }

    /// Gives firmware the kernel's command line.
    public FwCfg commandLine(String line) {
        byte[] text = (line + "\0").getBytes(StandardCharsets.UTF_8);
        items.put(KEY_CMDLINE_SIZE, number(Integer.BYTES, text.length));
        items.put(KEY_CMDLINE_DATA, text);
        return this;
    }

    /// Adds a named file, such as `etc/boot-fail-wait` or `bootorder`.
    ///
    /// @param name up to 55 ASCII characters
    public FwCfg file(String name, byte[] content) {
        if (name.length() >= NAME) {
            throw new IllegalArgumentException("The fw_cfg file name " + name + " is longer than " + (NAME - 1));
        }
        files.put(name, content);
        return this;
    }

    private byte[] item(int key) {
        if (key == KEY_FILE_DIR) {
            return directory();
        }
        int index = key - KEY_FILE_FIRST;
        if (index >= 0 && index < files.size()) {
            return files.values().stream().skip(index).findFirst().orElseThrow();
        }
        return items.getOrDefault(key, new byte[0]);
    }

    private byte[] directory() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(files.size()).array());
        int key = KEY_FILE_FIRST;
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            ByteBuffer entry = ByteBuffer.allocate(ENTRY);
            entry.putInt(file.getValue().length).putShort((short) key++).putShort((short) 0);
            entry.put(file.getKey().getBytes(StandardCharsets.US_ASCII));
            bytes.writeBytes(entry.array());
        }
        return bytes.toByteArray();
    }

    // ---- registers -------------------------------------------------------------------------------------------------

    /// Registers are big-endian; the data register gives the bytes of an item in their order.
    @Override
    public long read(long offset, int bytes) {
        if (offset < SELECTOR) {
            return offset == DATA ? Registers.readBytes(i -> nextByte(), 0, bytes) : 0;
        }
        if (offset >= DMA_HIGH) {
            long register = Long.reverseBytes(DMA_SIGNATURE);
            return Registers.truncate(register >>> (Byte.SIZE * (int) (offset - DMA_HIGH)), bytes);
        }
        return 0;
    }

    private int nextByte() {
        return position < selected.length ? selected[(int) position++] : 0;
    }

    @Override
    public void write(long offset, int bytes, long value) {
        long bigEndian = Long.reverseBytes(value) >>> (Long.SIZE - Byte.SIZE * bytes);
        if (offset == SELECTOR && bytes == Short.BYTES) {
            select((int) bigEndian);
        } else if (offset == DMA_HIGH && bytes == Long.BYTES) {
            transfer(bigEndian);
        } else if (offset == DMA_HIGH && bytes == Integer.BYTES) {
            dmaAddress = bigEndian << Integer.SIZE;
        } else if (offset == DMA_LOW && bytes == Integer.BYTES) {
            transfer(dmaAddress | bigEndian);
        }
        // Writes of items are not offered; all else is reserved.
    }

    private void select(int key) {
        selected = item(key);
        position = 0;
    }

    // ---- DMA -------------------------------------------------------------------------------------------------------

    private void transfer(long command) {
        dmaAddress = 0;
        byte[] bytes = new byte[DMA_COMMAND];
        if (!dma.read(command, bytes, 0, DMA_COMMAND)) {
            return;
        }
        ByteBuffer fields = ByteBuffer.wrap(bytes);
        int control = fields.getInt();
        long length = Integer.toUnsignedLong(fields.getInt());
        long address = fields.getLong();
        if ((control & DMA_SELECT) != 0) {
            select(control >>> Short.SIZE);
        }
        boolean done = true;
        if ((control & DMA_READ) != 0) {
            done = read(address, length);
        } else if ((control & DMA_WRITE) != 0) {
            done = false;
        } else if ((control & DMA_SKIP) != 0) {
            position += length;
        }
        dma.store(command, Integer.BYTES, done ? 0 : Integer.reverseBytes(DMA_ERROR) & 0xffff_ffffL);
    }

    private boolean read(long address, long length) {
        long left = Math.max(selected.length - position, 0);
        if (length > left + MAX_BEHIND) {
            return false;
        }
        int data = (int) Math.min(length, left);
        if (data > 0 && !dma.write(address, selected, (int) position, data)) {
            return false;
        }
        position += data;
        byte[] zeros = new byte[(int) Math.min(length - data, CHUNK)];
        for (long done = data; done < length; ) {
            int n = (int) Math.min(zeros.length, length - done);
            if (!dma.write(address + done, zeros, 0, n)) {
                return false;
            }
            done += n;
        }
        return true;
    }
}
