package dev.ipanema.arm.a64;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ipanema.arm.register.AtOp;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TlbiOp;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The disassembler against GNU objdump (package binutils-aarch64-linux-gnu, made with 2.40), text for text.
///
/// Before the comparison, of both: comments go, a tab is a space. What may differ is named by [#mayDiffer]: it is where
/// objdump knows an extension or a register that the table has not, or refuses what the architecture only leaves
/// CONSTRAINED UNPREDICTABLE.
class ObjdumpTest {
    private static final String OBJDUMP = "aarch64-linux-gnu-objdump";
    private static final boolean LONG = Boolean.getBoolean("ipanema.long");
    private static final int WORDS_PER_ROW = LONG ? 2_000 : 50;
    private static final int RANDOM_WORDS = LONG ? 10_000_000 : 200_000;
    private static final int BATCH = 500_000;
    private static final int SHOWN = 40;

    /// MTE, MOPS, CSSC, TME: no rows in the table.
    private static final Pattern NOT_IN_TABLE =
            Pattern.compile("(addg|subg|irg|gmi|subps?|cmpp|stz?2?g|stgp|ldg|ldgm|stz?gm"
                    + "|cpyf?[pme]\\w*|setg?[pme]\\w*|abs|cnt|ctz|[su]max|[su]min|tstart|tcommit|tcancel|ttest) .*");
    /// objdump does not look at sz of FMLAL and its like, which has to be 0.
    private static final Pattern FMLAL_WITHOUT_SIZE = Pattern.compile("fml[as]l2? v.*h");
    /// The reserved corners of the system space, which objdump shows as registers with op0 0 or 1.
    private static final Pattern RESERVED_SYSTEM = Pattern.compile("(msr|mrs) .*\\bs[01]_.*");
    /// objdump takes only 0 and 1 for these, the architecture ignores CRm bits 3:1.
    private static final Set<String> ONE_BIT =
            Set.of("MSR_UAO", "MSR_PAN", "MSR_SPSEL", "MSR_SSBS", "MSR_DIT", "MSR_TCO");

    @TempDir
    private static Path folder = Path.of("");

    @BeforeAll
    static void objdumpIsInstalled() {
        boolean present;
        try {
            present = new ProcessBuilder(OBJDUMP, "--version").start().waitFor() == 0;
        } catch (IOException | InterruptedException e) {
            present = false;
        }
        if ("true".equals(System.getenv("CI"))) {
            assertThat(present).as(OBJDUMP + " is installed").isTrue();
        }
        assumeTrue(present, OBJDUMP + " is not installed");
    }

    @Test
    void everyRowPrintsAsObjdumpPrintsIt() throws IOException {
        SplittableRandom random = new SplittableRandom(RandomWords.seed(30));
        List<Encoding> rows = new ArrayList<>(EncodingTable.table().byName().values());
        int[] words = new int[rows.size() * WORDS_PER_ROW];
        for (int i = 0; i < words.length; i++) {
            words[i] = RandomWords.of(rows.get(i / WORDS_PER_ROW), random);
        }

        assertThat(differences(words)).isEmpty();
    }

    @Test
    void systemRegistersAndInstructionsHaveTheNamesOfObjdump() throws IOException {
        List<Integer> words = new ArrayList<>();
        for (SysReg register : SysReg.values()) {
            words.add(EncodingTable.table().row("MRS").encode(1, register.encoding()));
            words.add(EncodingTable.table().row("MSR").encode(register.encoding(), 1));
        }
        Encoding sys = EncodingTable.table().row("SYS");
        for (CacheOp operation : CacheOp.values()) {
            words.add(sys.encode(operation.encoding(), 1));
        }
        for (AtOp operation : AtOp.values()) {
            words.add(sys.encode(operation.encoding(), 1));
        }
        for (TlbiOp operation : TlbiOp.values()) {
            words.add(sys.encode(operation.encoding(), 1));
        }

        assertThat(differences(words.stream().mapToInt(Integer::intValue).toArray()))
                .isEmpty();
    }

    @Test
    void randomWordsPrintAsObjdumpPrintsThem() throws IOException {
        SplittableRandom random = new SplittableRandom(RandomWords.seed(31));
        for (int done = 0; done < RANDOM_WORDS; done += BATCH) {
            int[] words = new int[Math.min(BATCH, RANDOM_WORDS - done)];
            for (int i = 0; i < words.length; i++) {
                words[i] = random.nextInt();
            }

            assertThat(differences(words)).isEmpty();
        }
    }

    private static List<String> differences(int[] words) throws IOException {
        List<String> theirs = objdump(words);
        assertThat(theirs).hasSize(words.length);
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < words.length && differences.size() < SHOWN; i++) {
            String ours = Disassembler.disassemble(words[i], 4L * i);
            String expected = theirs.get(i);
            if (!ours.equals(expected) && !mayDiffer(words[i], ours, expected)) {
                differences.add(String.format("%08x ours: %s, objdump: %s", words[i], ours, expected));
            }
        }
        return differences;
    }

    private static boolean mayDiffer(int word, String ours, String theirs) {
        Encoding row = Decoder.all().find(word);
        if (row == null) {
            return !isCovered(word)
                    || FMLAL_WITHOUT_SIZE.matcher(theirs).matches()
                    || NOT_IN_TABLE.matcher(theirs).matches()
                    || RESERVED_SYSTEM.matcher(theirs).matches()
                    || theirs.matches("(ld64b|st64b|st64bv0?) .*");
        }
        if (theirs.contains("undefined")) {
            return theirs.startsWith(".inst") && (word != row.canonical(word) || isUnpredictablePair(row, word));
        }
        if (row.name().equals("MRS") || row.name().equals("MSR")) {
            return theirs.equals(withGenericName(row, word)) || ours.equals(withGenericName(row, word));
        }
        return (row.name().equals("SYS") && ours.startsWith("sys ") && theirs.matches("(ic|dc|at|tlbi|cfp|dvp|cpp) .*"))
                || (ONE_BIT.contains(row.name()) && theirs.startsWith("msr s0_"))
                || (theirs.startsWith("msr s0_") && word != row.canonical(word))
                || (row.op() == Op.HINT && theirs.equals("clearbhb"));
    }

    /// The catalogue and objdump know different registers; where one shows the number, it must be this one.
    private static String withGenericName(Encoding row, int word) {
        String name = SysReg.genericName(Decoder.all().instruction(word).aux()).toLowerCase(Locale.ROOT);
        String xt = RegisterOperand.name('X', word & 31, false);
        return row.name().equals("MRS") ? "mrs " + xt + ", " + name : "msr " + name + ", " + xt;
    }

    /// LDPSW of one register twice, or of its base with write-back.
    private static boolean isUnpredictablePair(Encoding row, int word) {
        int rt = word & 31;
        int rt2 = word >>> 10 & 31;
        int rn = word >>> 5 & 31;
        return row.name().startsWith("LDPSW") && (rt == rt2 || rt == rn || rt2 == rn);
    }

    /// Whether bits 28:25 say data processing, branch, system, load, store, SIMD or floating point (Arm ARM, C4.1): all
    /// but SVE, SME and what is reserved.
    private static boolean isCovered(int word) {
        int group = word >>> 25 & 15;
        return (group & 0b1110) == 0b1000
                || (group & 0b1110) == 0b1010
                || (group & 0b0101) == 0b0100
                || (group & 0b0111) == 0b0101
                || (group & 0b0111) == 0b0111;
    }

    private static List<String> objdump(int[] words) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(words.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(words);
        Path binary = Files.write(folder.resolve("words.bin"), bytes.array());
        Process process = new ProcessBuilder(OBJDUMP, "-D", "-z", "-b", "binary", "-m", "aarch64", binary.toString())
                .redirectErrorStream(true)
                .start();
        List<String> lines = new ArrayList<>();
        try (BufferedReader reader = process.inputReader()) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                String[] columns = line.split("\t", 3);
                if (columns.length == 3 && columns[0].endsWith(":")) {
                    lines.add(normal(columns[2]));
                }
            }
        }
        return lines;
    }

    private static String normal(String text) {
        int comment = text.indexOf("//");
        return (comment < 0 ? text : text.substring(0, comment))
                .replace('\t', ' ')
                .strip();
    }
}
