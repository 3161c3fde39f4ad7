package dev.ipanema.images.format;

import dev.ipanema.base.text.BadInput;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A 64-bit little-endian AArch64 ELF executable (System V ABI, ELF-64; ELF for the Arm 64-bit Architecture). Its
/// loadable segments go to their physical addresses. Every offset and size of the file is checked before use.
final class ElfImage {
    private static final int HEADER_SIZE = 64;
    private static final int EI_CLASS = 4;
    private static final int EI_DATA = 5;
    private static final int E_TYPE = 16;
    private static final int E_MACHINE = 18;
    private static final int E_ENTRY = 24;
    private static final int E_PHOFF = 32;
    private static final int E_SHOFF = 40;
    private static final int E_PHENTSIZE = 54;
    private static final int E_PHNUM = 56;
    private static final int E_SHENTSIZE = 58;
    private static final int E_SHNUM = 60;
    private static final int ELFCLASS64 = 2;
    private static final int ELFDATA2LSB = 1;
    private static final int ET_EXEC = 2;
    private static final int ET_DYN = 3;
    private static final int EM_AARCH64 = 183;
    private static final int PROGRAM_HEADER_SIZE = 56;
    private static final int SECTION_HEADER_SIZE = 64;
    private static final int SYMBOL_SIZE = 24;
    private static final int PT_LOAD = 1;
    private static final int PT_INTERP = 3;
    private static final int SHT_SYMTAB = 2;
    private static final int STT_NOTYPE = 0;
    private static final int STT_FUNC = 2;
    private static final int MAX_NAME = 512;
    private static final int MAX_SYMBOLS = 1 << 20;

    private final String name;
    private final byte[] file;
    private final ByteBuffer bytes;

    private ElfImage(String name, byte[] file) {
        this.name = name;
        this.file = file;
        this.bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    }

    static boolean matches(byte[] file) {
        return file.length >= 4 && file[0] == 0x7f && file[1] == 'E' && file[2] == 'L' && file[3] == 'F';
    }

    static GuestImage read(String name, byte[] file) {
        return new ElfImage(name, file).read();
    }

    /// {@return the symbols of an ELF that need not be loadable}
    static SymbolTable symbols(String name, byte[] file) {
        ElfImage image = new ElfImage(name, file);
        image.checkHeader();
        return image.readSymbols();
    }

    private GuestImage read() {
        int type = checkHeader();
        if (type != ET_EXEC && type != ET_DYN) {
            throw bad("an ELF of type %d, not an executable", type);
        }
        List<Segment> segments = new ArrayList<>();
        long entry = readSegments(segments);
        segments.sort(Comparator.comparingLong(Segment::address));
        for (int i = 1; i < segments.size(); i++) {
            if (segments.get(i - 1).end() > segments.get(i).address()) {
                throw bad("segments %s and %s overlap", segments.get(i - 1), segments.get(i));
            }
        }
        return new GuestImage("ELF", entry, segments, readSymbols(), null);
    }

    /// {@return e_type of an ELF for AArch64}
    private int checkHeader() {
        if (file.length < HEADER_SIZE) {
            throw bad("the ELF header is truncated at %d bytes", file.length);
        }
        if (file[EI_CLASS] != ELFCLASS64 || file[EI_DATA] != ELFDATA2LSB) {
            throw bad("not a 64-bit little-endian ELF");
        }
        int machine = bytes.getShort(E_MACHINE) & 0xffff;
        if (machine != EM_AARCH64) {
            throw bad("an ELF for machine %d%s, not for AArch64 (%d)", machine, machineName(machine), EM_AARCH64);
        }
        return bytes.getShort(E_TYPE) & 0xffff;
    }

    private static String machineName(int machine) {
        return switch (machine) {
            case 3 -> " (32-bit x86)";
            case 40 -> " (32-bit Arm)";
            case 62 -> " (x86-64)";
            case 243 -> " (RISC-V)";
            default -> "";
        };
    }

    /// Adds the loadable segments and returns the physical address of the entry.
    private long readSegments(List<Segment> segments) {
        long virtualEntry = bytes.getLong(E_ENTRY);
        int count = bytes.getShort(E_PHNUM) & 0xffff;
        int entrySize = bytes.getShort(E_PHENTSIZE) & 0xffff;
        long table = bytes.getLong(E_PHOFF);
        if (count == 0) {
            throw bad("the ELF has no program headers, so nothing to load");
        }
        if (entrySize < PROGRAM_HEADER_SIZE || !inFile(table, (long) count * entrySize)) {
            throw bad(
                    "the program headers (%d of %d bytes at offset 0x%x) lie outside the file",
                    count, entrySize, table);
        }
        boolean found = false;
        long entry = 0;
        for (int i = 0; i < count; i++) {
            int header = (int) table + i * entrySize;
            int type = bytes.getInt(header);
            if (type == PT_INTERP) {
                throw bad("a dynamically linked program (PT_INTERP); a bare-metal executable is expected");
            }
            long memorySize = bytes.getLong(header + 40);
            if (type != PT_LOAD || memorySize == 0) {
                continue;
            }
            long offset = bytes.getLong(header + 8);
            long virtual = bytes.getLong(header + 16);
            long physical = bytes.getLong(header + 24);
            long fileSize = bytes.getLong(header + 32);
            if (!inFile(offset, fileSize)) {
                throw bad("program header %d: [0x%x, +0x%x) lies outside the file", i, offset, fileSize);
            }
            if (memorySize < 0 || fileSize > memorySize || physical < 0 || physical + memorySize < physical) {
                throw bad(
                        "program header %d: address 0x%x, file size 0x%x and memory size 0x%x contradict",
                        i, physical, fileSize, memorySize);
            }
            segments.add(new Segment(physical, file, (int) offset, (int) fileSize, memorySize));
            if (virtualEntry - virtual >= 0 && virtualEntry - virtual < memorySize) {
                entry = physical + (virtualEntry - virtual);
                found = true;
            }
        }
        if (!found) {
            throw bad("the entry point 0x%x lies in no loadable segment", virtualEntry);
        }
        if ((entry & 3) != 0) {
            throw bad("the entry point 0x%x is not aligned to an instruction", virtualEntry);
        }
        return entry;
    }

    /// Symbols only decorate messages: a broken symbol table is a table without symbols.
    private SymbolTable readSymbols() {
        long table = bytes.getLong(E_SHOFF);
        int count = bytes.getShort(E_SHNUM) & 0xffff;
        int entrySize = bytes.getShort(E_SHENTSIZE) & 0xffff;
        if (count == 0 || entrySize < SECTION_HEADER_SIZE || !inFile(table, (long) count * entrySize)) {
            return SymbolTable.EMPTY;
        }
        TreeMap<Long, String> symbols = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            int section = (int) table + i * entrySize;
            int strings = bytes.getInt(section + 40);
            if (bytes.getInt(section + 4) == SHT_SYMTAB && strings > 0 && strings < count) {
                readSymbolSection(section, (int) table + strings * entrySize, symbols);
            }
        }
        return new SymbolTable(symbols);
    }

    private void readSymbolSection(int section, int stringSection, Map<Long, String> symbols) {
        long offset = bytes.getLong(section + 24);
        long size = bytes.getLong(section + 32);
        long stringOffset = bytes.getLong(stringSection + 24);
        long stringSize = bytes.getLong(stringSection + 32);
        if (!inFile(offset, size) || !inFile(stringOffset, stringSize)) {
            return;
        }
        long last = Math.min(size / SYMBOL_SIZE, MAX_SYMBOLS);
        for (int i = 0; i < last; i++) {
            int symbol = (int) offset + i * SYMBOL_SIZE;
            int nameOffset = bytes.getInt(symbol);
            int type = bytes.get(symbol + 4) & 0xf;
            int sectionIndex = bytes.getShort(symbol + 6) & 0xffff;
            boolean wanted = (type == STT_FUNC || type == STT_NOTYPE) && sectionIndex != 0;
            if (wanted && nameOffset > 0 && nameOffset < stringSize) {
                String symbolName = string((int) stringOffset + nameOffset, (int) (stringOffset + stringSize));
                // $x and $d mark code and data (ELF for the Arm 64-bit Architecture, mapping symbols).
                if (!symbolName.isEmpty() && symbolName.charAt(0) != '$') {
                    symbols.putIfAbsent(bytes.getLong(symbol + 8), symbolName);
                }
            }
        }
    }

    private String string(int start, int limit) {
        int end = start;
        while (end < limit && end - start < MAX_NAME && file[end] != 0) {
            end++;
        }
        return new String(file, start, end - start, StandardCharsets.UTF_8);
    }

    private boolean inFile(long offset, long size) {
        return offset >= 0 && size >= 0 && offset <= file.length && size <= file.length - offset;
    }

    @SuppressWarnings("AnnotateFormatMethod") // The annotation would be a dependency on the checker.
    private BadInput bad(String format, Object... arguments) {
        return new BadInput(name + ": " + format.formatted(arguments));
    }
}
