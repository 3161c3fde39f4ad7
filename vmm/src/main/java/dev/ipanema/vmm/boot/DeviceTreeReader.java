package dev.ipanema.vmm.boot;

import dev.ipanema.base.text.BadInput;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// Reads a flattened device tree that somebody else made (Devicetree Specification v0.4, chapter 5). Every offset and
/// length of the file is checked before use.
final class DeviceTreeReader {
    /// The largest device tree that an arm64 kernel takes (Linux `Documentation/arch/arm64/booting.rst`).
    static final int MAX_SIZE = 2 << 20;

    private static final int MAX_DEPTH = 64;
    private static final int TOTAL_SIZE = 4;
    private static final int STRUCTURE_OFFSET = 8;
    private static final int STRINGS_OFFSET = 12;
    private static final int LAST_COMPATIBLE = 24;
    private static final int STRINGS_SIZE = 32;
    private static final int STRUCTURE_SIZE = 36;

    private final String name;
    private final ByteBuffer blob;
    private final int strings;
    private final int stringsEnd;
    private final int end;
    private int position;

    private DeviceTreeReader(String name, byte[] file) {
        this.name = name;
        this.blob = ByteBuffer.wrap(file);
        if (file.length < DeviceTree.HEADER_SIZE || blob.getInt(0) != DeviceTree.MAGIC) {
            throw bad("not a flattened device tree (dtc -O dtb makes one)");
        }
        int total = blob.getInt(TOTAL_SIZE);
        if (total < DeviceTree.HEADER_SIZE || total > file.length || total > MAX_SIZE) {
            throw bad("a size of " + Integer.toUnsignedString(total) + " bytes in its header, " + file.length
                    + " in the file; at most 2 MiB are possible");
        }
        if (blob.getInt(LAST_COMPATIBLE) > DeviceTree.VERSION) {
            throw bad("version " + blob.getInt(LAST_COMPATIBLE) + " of the format is not known here");
        }
        position = blob.getInt(STRUCTURE_OFFSET);
        end = checkedEnd(position, blob.getInt(STRUCTURE_SIZE), total, "structure");
        strings = blob.getInt(STRINGS_OFFSET);
        stringsEnd = checkedEnd(strings, blob.getInt(STRINGS_SIZE), total, "strings");
    }

    private int checkedEnd(int offset, int size, int total, String block) {
        if (offset < 0 || size < 0 || ((offset & 3) != 0 && block.equals("structure")) || offset > total - size) {
            throw bad("its " + block + " block lies outside of it");
        }
        return offset + size;
    }

    /// {@return the tree}
    ///
    /// @param name the file's name, for messages
    /// @throws BadInput when the file is no sound device tree
    static DeviceTree read(String name, byte[] file) {
        DeviceTreeReader reader = new DeviceTreeReader(name, file);
        DeviceTree tree = new DeviceTree();
        if (reader.token() != DeviceTree.FDT_BEGIN_NODE || !reader.nodeName().isEmpty()) {
            throw reader.bad("it does not begin with a root node");
        }
        reader.readNode(tree.root(), 0);
        return tree;
    }

    private void readNode(DeviceTree.Node node, int depth) {
        if (depth > MAX_DEPTH) {
            throw bad("nodes are nested more than " + MAX_DEPTH + " deep");
        }
        while (true) {
            int token = token();
            switch (token) {
                case DeviceTree.FDT_BEGIN_NODE -> readNode(node.node(nodeName()), depth + 1);
                case DeviceTree.FDT_PROP -> readProperty(node);
                case DeviceTree.FDT_END_NODE -> {
                    return;
                }
                default -> throw bad("token " + Integer.toUnsignedString(token) + " in its structure block");
            }
        }
    }

    private void readProperty(DeviceTree.Node node) {
        int length = cell();
        int nameOffset = cell();
        if (length < 0 || length > end - position) {
            throw bad("a property of " + Integer.toUnsignedString(length) + " bytes does not fit its structure block");
        }
        if (nameOffset < 0 || nameOffset >= stringsEnd - strings) {
            throw bad("a property's name lies outside of its strings block");
        }
        String property = string(strings + nameOffset, stringsEnd);
        byte[] value = new byte[length];
        blob.get(position, value);
        position = position + length + 3 & ~3;
        node.bytes(property, value);
    }

    private String nodeName() {
        String text = string(position, end);
        position = position + text.length() + 4 & ~3;
        return text;
    }

    private int token() {
        int token = cell();
        while (token == DeviceTree.FDT_NOP) {
            token = cell();
        }
        return token;
    }

    private int cell() {
        if (position > end - Integer.BYTES) {
            throw bad("its structure block ends inside a node");
        }
        int value = blob.getInt(position);
        position += Integer.BYTES;
        return value;
    }

    private String string(int from, int limit) {
        int at = from;
        while (at < limit && blob.get(at) != 0) {
            at++;
        }
        if (at == limit) {
            throw bad("a name in it has no end");
        }
        byte[] bytes = new byte[at - from];
        blob.get(from, bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private BadInput bad(String message) {
        return new BadInput(name + ": " + message);
    }
}
