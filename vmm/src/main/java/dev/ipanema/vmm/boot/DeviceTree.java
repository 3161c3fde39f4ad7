package dev.ipanema.vmm.boot;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A flattened device tree under construction (Devicetree Specification v0.4, chapter 5; format version 17).
///
/// Nodes and properties keep the order in which they were added.
public final class DeviceTree {
    static final int MAGIC = 0xd00dfeed;
    static final int VERSION = 17;
    private static final int LAST_COMPATIBLE_VERSION = 16;
    static final int HEADER_SIZE = 40;
    private static final int RESERVATION_BLOCK_SIZE = 16;
    static final int FDT_BEGIN_NODE = 1;
    static final int FDT_END_NODE = 2;
    static final int FDT_PROP = 3;
    static final int FDT_NOP = 4;
    private static final int FDT_END = 9;

    private final Node root = new Node("");

    /// A node with its properties and children.
    public static final class Node {
        private final String name;
        private final Map<String, byte[]> properties = new LinkedHashMap<>();
        private final List<Node> children = new ArrayList<>();

        private Node(String name) {
            this.name = name;
        }

        /// Adds a child.
        ///
        /// @param childName its name with unit address, for example `memory@40000000`
        /// @return the child
        public Node node(String childName) {
            Node child = new Node(childName);
            children.add(child);
            return child;
        }

        /// Sets a property without a value.
        public Node flag(String property) {
            return bytes(property, new byte[0]);
        }

        /// Sets a property of one or more strings.
        public Node strings(String property, String... values) {
            ByteArrayOutputStream value = new ByteArrayOutputStream();
            for (String text : values) {
                value.writeBytes(text.getBytes(StandardCharsets.UTF_8));
                value.write(0);
            }
            return bytes(property, value.toByteArray());
        }

        /// Sets a property of 32-bit cells.
        public Node cells(String property, int... values) {
            ByteArrayOutputStream value = new ByteArrayOutputStream();
            for (int cell : values) {
                writeCell(value, cell);
            }
            return bytes(property, value.toByteArray());
        }

        /// Sets a property of 64-bit numbers, two cells each, as `reg` has with two address and two size cells.
        public Node longs(String property, long... values) {
            ByteArrayOutputStream value = new ByteArrayOutputStream();
            for (long number : values) {
                writeCell(value, (int) (number >>> 32));
                writeCell(value, (int) number);
            }
            return bytes(property, value.toByteArray());
        }

        /// Sets a property of arbitrary bytes.
        Node bytes(String property, byte[] value) {
            properties.put(property, value);
            return this;
        }

        /// {@return its name with unit address}
        String name() {
            return name;
        }

        /// {@return its children in their order}
        List<Node> children() {
            return children;
        }

        /// {@return the child of a name, made when it is not there}
        Node child(String childName) {
            for (Node child : children) {
                if (child.name.equals(childName)) {
                    return child;
                }
            }
            return node(childName);
        }

        /// {@return whether it has a property}
        boolean has(String property) {
            return properties.containsKey(property);
        }

        private byte[] value(String property) {
            return properties.getOrDefault(property, new byte[0]);
        }

        /// {@return the first string of a property, empty when there is none}
        String string(String property) {
            byte[] value = value(property);
            int end = 0;
            while (end < value.length && value[end] != 0) {
                end++;
            }
            return new String(value, 0, end, StandardCharsets.UTF_8);
        }

        /// {@return how many 32-bit cells a property has}
        int cellCount(String property) {
            return value(property).length / Integer.BYTES;
        }

        /// {@return one cell of a property, `otherwise` when it has too few}
        int cell(String property, int index, int otherwise) {
            return index < cellCount(property)
                    ? ByteBuffer.wrap(value(property)).getInt(index * Integer.BYTES)
                    : otherwise;
        }

        /// {@return a number of one or two cells, 0 when the property has too few}
        long number(String property, int index, int cells) {
            long number = 0;
            for (int i = 0; i < cells; i++) {
                number = number << Integer.SIZE | Integer.toUnsignedLong(cell(property, index + i, 0));
            }
            return number;
        }
    }

    /// {@return the root node}
    public Node root() {
        return root;
    }

    /// {@return the tree as a blob, its length a multiple of 8}
    public byte[] toBlob() {
        ByteArrayOutputStream structure = new ByteArrayOutputStream();
        ByteArrayOutputStream strings = new ByteArrayOutputStream();
        writeNode(root, structure, strings, new LinkedHashMap<>());
        writeCell(structure, FDT_END);
        while ((strings.size() & 7) != 0) {
            strings.write(0);
        }
        int structureOffset = HEADER_SIZE + RESERVATION_BLOCK_SIZE;
        int stringsOffset = structureOffset + structure.size();
        int padding = -(stringsOffset + strings.size()) & 7;
        ByteArrayOutputStream blob = new ByteArrayOutputStream();
        int[] header = {
            MAGIC,
            stringsOffset + strings.size() + padding,
            structureOffset,
            stringsOffset,
            HEADER_SIZE,
            VERSION,
            LAST_COMPATIBLE_VERSION,
            0,
            strings.size(),
            structure.size()
        };
        for (int cell : header) {
            writeCell(blob, cell);
        }
        blob.writeBytes(new byte[RESERVATION_BLOCK_SIZE]);
        blob.writeBytes(structure.toByteArray());
        blob.writeBytes(strings.toByteArray());
        blob.writeBytes(new byte[padding]);
        return blob.toByteArray();
    }

    private static void writeNode(
            Node node, ByteArrayOutputStream structure, ByteArrayOutputStream strings, Map<String, Integer> offsets) {
        writeCell(structure, FDT_BEGIN_NODE);
        structure.writeBytes(node.name.getBytes(StandardCharsets.US_ASCII));
        structure.write(0);
        align(structure);
        node.properties.forEach((name, value) -> {
            int offset = offsets.computeIfAbsent(name, added -> {
                int start = strings.size();
                strings.writeBytes(added.getBytes(StandardCharsets.US_ASCII));
                strings.write(0);
                return start;
            });
            writeCell(structure, FDT_PROP);
            writeCell(structure, value.length);
            writeCell(structure, offset);
            structure.writeBytes(value);
            align(structure);
        });
        for (Node child : node.children) {
            writeNode(child, structure, strings, offsets);
        }
        writeCell(structure, FDT_END_NODE);
    }

    private static void align(ByteArrayOutputStream out) {
        while ((out.size() & 3) != 0) {
            out.write(0);
        }
    }

    private static void writeCell(ByteArrayOutputStream out, int cell) {
        out.write(cell >>> 24);
        out.write(cell >>> 16);
        out.write(cell >>> 8);
        out.write(cell);
    }
}
