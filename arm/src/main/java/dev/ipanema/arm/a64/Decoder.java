package dev.ipanema.arm.a64;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Decodes instruction words to the pre-decoded form, for one set of features; immutable, for any number of
/// threads.
///
/// The table is cut in 2048 buckets by bits 31:21 of the word. A bucket holds the rows that can match,
/// those that refine another before it; no other two match one word, which a test asserts. SIMD and floating point
/// have buckets of their own, so that programs without them do not load their encodings.
public final class Decoder {
    private static final int BUCKET_LSB = 21;
    private static final int BUCKETS = 1 << (Integer.SIZE - BUCKET_LSB);
    private static final Encoding[][] BASE = buckets(EncodingTable.base().rows());
    private static final Decoder ALL = new Decoder(EnumSet.allOf(A64Feature.class));

    /// The buckets of SIMD and floating point, made when the first such word is decoded.
    private static final class Simd {
        private static final Encoding[][] BUCKETS = buckets(EncodingTable.table().rows().stream()
                .filter(row -> EncodingTable.isSimd(row.value()))
                .toList());
    }

    private final EnumSet<A64Feature> features;

    private Decoder(Set<A64Feature> features) {
        this.features = EnumSet.noneOf(A64Feature.class);
        this.features.addAll(features);
    }

    /// {@return a decoder of everything in the table}
    public static Decoder all() {
        return ALL;
    }

    /// {@return a decoder to which encodings of other features are unallocated}
    public static Decoder with(Set<A64Feature> features) {
        return new Decoder(features);
    }

    /// Decodes a word to `out[at]` (the word of [PreDecoded]) and `out[at + 1]` (its imm). An unallocated
    /// word gives [Op#UNALLOCATED] and 0. Allocates nothing.
    public void decode(int insn, long[] out, int at) {
        Encoding row = find(insn);
        out[at] = row == null ? Op.UNALLOCATED : row.word(insn);
        out[at + 1] = row == null ? 0 : row.imm(insn);
    }

    /// {@return the word as a value; [Op#UNALLOCATED] when nothing matches}
    public Instruction instruction(int insn) {
        long[] out = new long[PreDecoded.LONGS];
        decode(insn, out, 0);
        long word = out[0];
        return new Instruction(
                PreDecoded.op(word),
                PreDecoded.rd(word),
                PreDecoded.rn(word),
                PreDecoded.rm(word),
                PreDecoded.ra(word),
                out[1],
                PreDecoded.aux(word),
                insn);
    }

    /// {@return the row that a word is, no alias, or null when it is unallocated}
    public @Nullable Encoding find(int insn) {
        Encoding[][] table = EncodingTable.isSimd(insn) ? Simd.BUCKETS : BASE;
        for (Encoding row : table[insn >>> BUCKET_LSB]) {
            if (row.matches(insn)) {
                A64Feature feature = row.feature();
                return feature == null || features.contains(feature) ? row : null;
            }
        }
        return null;
    }

    /// {@return the rows that can match a word with these bits 31:21, in the order they are tried}
    static List<Encoding> bucket(int index) {
        return List.of((EncodingTable.isSimd(index << BUCKET_LSB) ? Simd.BUCKETS : BASE)[index]);
    }

    private static Encoding[][] buckets(List<Encoding> rows) {
        List<List<Encoding>> buckets = new ArrayList<>(BUCKETS);
        for (int i = 0; i < BUCKETS; i++) {
            buckets.add(new ArrayList<>());
        }
        for (Encoding row : rows) {
            int mask = row.mask() >>> BUCKET_LSB;
            int value = row.value() >>> BUCKET_LSB;
            int free = ~mask & (BUCKETS - 1);
            int bits = 0;
            do {
                insert(buckets.get(value | bits), row);
                bits = (bits - free) & free;
            } while (bits != 0);
        }
        Encoding[][] table = new Encoding[BUCKETS][];
        for (int i = 0; i < BUCKETS; i++) {
            table[i] = buckets.get(i).toArray(new Encoding[0]);
        }
        return table;
    }

    /// A row that refines another goes before all that do not.
    private static void insert(List<Encoding> bucket, Encoding row) {
        bucket.add(row.refines().isEmpty() ? bucket.size() : 0, row);
    }
}
