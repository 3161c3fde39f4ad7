package dev.ipanema.arm.a64;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class EncodingTableTest {
    private static final int SAMPLES = 200;

    @Test
    void opHoldsTheOperationsOfTheTableInOrder() throws IllegalAccessException {
        Map<String, Integer> expected = new LinkedHashMap<>();
        expected.put("UNALLOCATED", 0);
        int number = 1;
        for (Map.Entry<String, List<String>> group :
                EncodingTable.table().groups().entrySet()) {
            expected.put("FIRST_" + group.getKey(), number);
            for (String op : group.getValue()) {
                expected.put(op, number++);
            }
            expected.put("LAST_" + group.getKey(), number - 1);
        }
        expected.put("COUNT", number);

        Map<String, Integer> actual = new LinkedHashMap<>();
        for (Field constant : Op.class.getFields()) {
            actual.put(constant.getName(), constant.getInt(null));
        }

        assertThat(actual).as("Op is stale: run OpSource").isEqualTo(expected);
        assertThat(OpSource.text()).contains("public static final int COUNT = " + Op.COUNT + ";");
    }

    @Test
    void rowsOfSimdAndOfTheBaseLieApart() {
        for (Encoding row : EncodingTable.table().byName().values()) {
            boolean base = EncodingTable.base().byName().containsKey(row.name());
            assertThat(EncodingTable.isSimd(row.value())).as(row.name()).isNotEqualTo(base);
            assertThat(base || EncodingTable.isSimd(row.mask())).as(row.name()).isTrue();
        }
    }

    @Test
    void noTwoRowsMatchOneWordUnlessOneRefinesTheOther() {
        SplittableRandom random = new SplittableRandom(RandomWords.seed(1));
        List<String> ambiguous = new ArrayList<>();

        for (int bucket = 0; bucket < 2048; bucket++) {
            List<Encoding> rows = Decoder.bucket(bucket);
            for (int i = 0; i < rows.size(); i++) {
                for (int j = i + 1; j < rows.size(); j++) {
                    Encoding first = rows.get(i);
                    Encoding second = rows.get(j);
                    if (!first.refines().equals(second.name()) && overlap(first, second, random)) {
                        ambiguous.add(first + " and " + second);
                    }
                }
            }
        }

        assertThat(ambiguous).isEmpty();
    }

    @Test
    void aRowThatRefinesAnotherMatchesOnlyWordsOfIt() {
        SplittableRandom random = new SplittableRandom(RandomWords.seed(2));

        for (Encoding row : EncodingTable.table().rows()) {
            if (!row.refines().isEmpty()) {
                Encoding refined = EncodingTable.table().row(row.refines());
                assertThat(refined.matches(RandomWords.of(row, random)))
                        .as("%s refines %s", row, refined)
                        .isTrue();
            }
        }
    }

    @Test
    void anAliasMatchesOnlyWordsOfItsRow() {
        SplittableRandom random = new SplittableRandom(RandomWords.seed(3));

        for (Encoding row : EncodingTable.table().rows()) {
            for (Encoding alias : EncodingTable.table().aliases(row)) {
                int word = RandomWords.of(alias, random);
                assertThat(Decoder.all().find(word))
                        .as("row of %08x, alias %s", word, alias)
                        .isSameAs(row);
            }
        }
    }

    @Test
    void bucketsFindWhatASearchOfTheWholeTableFinds() {
        SplittableRandom random = new SplittableRandom(RandomWords.seed(4));

        for (int i = 0; i < 20_000; i++) {
            int word = random.nextInt();
            Encoding found = Decoder.all().find(word);
            List<Encoding> matching = EncodingTable.table().rows().stream()
                    .filter(row -> row.matches(word))
                    .toList();
            if (found == null) {
                assertThat(matching).as("rows of %08x", word).isEmpty();
            } else {
                assertThat(matching).as("rows of %08x", word).contains(found);
            }
        }
    }

    private static boolean overlap(Encoding first, Encoding second, SplittableRandom random) {
        int common = first.mask() & second.mask();
        if (((first.value() ^ second.value()) & common) != 0) {
            return false;
        }
        for (int i = 0; i < SAMPLES; i++) {
            int word = first.value() | second.value() | random.nextInt() & ~(first.mask() | second.mask());
            if (first.matches(word) && second.matches(word)) {
                return true;
            }
        }
        return false;
    }
}
