package dev.ipanema.guests.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.arm.a64.Disassembler;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.register.SysReg;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CacheProgramTest {
    private static final int TABLES = 0x8000;

    private static List<String> code(CacheProgram program) {
        ByteBuffer image = ByteBuffer.wrap(program.image()).order(ByteOrder.LITTLE_ENDIAN);
        List<String> lines = new ArrayList<>();
        for (int at = 0; at < TABLES; at += Integer.BYTES) {
            lines.add(Disassembler.disassemble(image.getInt(at), CacheProgram.RAM + at)
                    .replaceAll("\\s+", " "));
        }
        return lines;
    }

    /// The leaf that an image's tables hold for an address.
    private static long leaf(CacheProgram program, long va) {
        ByteBuffer image = ByteBuffer.wrap(program.image()).order(ByteOrder.LITTLE_ENDIAN);
        long table = image.getLong(TABLES + (int) (va >>> 30) * Long.BYTES);
        long at = Stage1Descriptor.tableAddress(table, Granule.K4, false) - CacheProgram.RAM;
        return image.getLong((int) at + (int) (va >>> 21 & 511) * Long.BYTES);
    }

    @Test
    void bothAliasesOfAPageLeadToIt() {
        CacheProgram program = new AliasProgram(false);

        long cached = leaf(program, CacheProgram.DATA);
        long uncached = leaf(program, CacheProgram.DATA_UNCACHED);

        assertThat(Stage1Descriptor.outputAddress(cached, 2, Granule.K4, false)).isEqualTo(CacheProgram.DATA);
        assertThat(Stage1Descriptor.outputAddress(uncached, 2, Granule.K4, false))
                .isEqualTo(CacheProgram.DATA);
        assertThat(Stage1Descriptor.attrIndx(cached)).isEqualTo(DriverMmu.Type.WRITE_BACK.ordinal());
        assertThat(Stage1Descriptor.attrIndx(uncached)).isEqualTo(DriverMmu.Type.NON_CACHEABLE.ordinal());
    }

    @Test
    void registersAreMappedAsADevice() {
        long leaf = leaf(new VirtioProgram(true), CacheProgram.DEVICE);

        assertThat(Stage1Descriptor.attrIndx(leaf)).isEqualTo(DriverMmu.Type.DEVICE.ordinal());
        assertThat(Stage1Descriptor.outputAddress(leaf, 2, Granule.K4, false)).isEqualTo(CacheProgram.DEVICE);
    }

    @Test
    void theAliasProgramMaintainsNothing() {
        assertThat(code(new AliasProgram(true))).noneMatch(line -> line.startsWith("dc ") || line.startsWith("ic "));
    }

    @Test
    void theJitProgramMaintainsWhatItSays() {
        List<String> code = code(new JitProgram());

        // Four times both before the first run; then each operation in two of four ways.
        assertThat(code).filteredOn("dc cvau, x9"::equals).hasSize(4 + 2);
        assertThat(code).filteredOn("ic ivau, x9"::equals).hasSize(4 + 2);
        assertThat(code).filteredOn("blr x9"::equals).hasSize(8);
    }

    @Test
    void theRightLoaderCleansAndTheRightPayloadInvalidates() {
        assertThat(code(new BootProgram(true, true))).contains("dc cvac, x1", "dc cvac, x10", "dc ivac, x10");
        assertThat(code(new BootProgram(false, true)))
                .contains("dc ivac, x10")
                .doesNotContain("dc cvac, x1", "dc cvac, x10");
        assertThat(code(new BootProgram(true, false))).contains("dc cvac, x1").doesNotContain("dc ivac, x10");
    }

    @Test
    void theMaintenanceProgramLeavesTheRestToTheHypervisor() {
        for (MaintenanceProgram.Work work : MaintenanceProgram.Work.values()) {
            boolean cleans = work == MaintenanceProgram.Work.CLEAN_BY_SET_AND_WAY;
            assertThat(code(new MaintenanceProgram(work)))
                    .filteredOn(line -> line.startsWith("dc ") || line.startsWith("ic "))
                    .containsExactlyElementsOf(cleans ? List.of("dc cisw, x12") : List.of());
        }
    }

    @Test
    void aRestoredGuestHasTheRegistersThatItsOwnCodeSets() {
        assertThat(CacheProgram.stage1())
                .containsEntry(SysReg.TTBR0_EL1, CacheProgram.RAM + TABLES)
                .containsOnlyKeys(SysReg.MAIR_EL1, SysReg.TCR_EL1, SysReg.TTBR0_EL1, SysReg.SCTLR_EL1);
        assertThat(code(new MaintenanceProgram(MaintenanceProgram.Work.STORE_AND_SWITCH_ON)))
                .filteredOn(line -> line.startsWith("msr sctlr_el1"))
                .hasSize(1);
    }

    @Test
    void anOldPayloadSaysThatItIsOld() {
        ByteBuffer old = ByteBuffer.wrap(BootProgram.oldPayload()).order(ByteOrder.LITTLE_ENDIAN);

        assertThat(Disassembler.disassemble(old.getInt(0), 0).replaceAll("\\s+", " "))
                .isEqualTo("mov x0, #0x1");
        assertThat(old.limit()).isEqualTo(8);
    }

    @Test
    void aSecretHas32Bytes() {
        byte[] secret = "31 bytes".getBytes(StandardCharsets.US_ASCII);

        assertThatThrownBy(() -> LeakProgram.writing(secret)).hasMessageContaining("not 8");
        assertThat(code(LeakProgram.reading())).contains("ldr x1, [x9]").doesNotContain("str x1, [x9]");
    }

    @Test
    void theTypesAreWhatTheyAreCalled() {
        assertThat(DriverMmu.Type.mairEl1() & 0xff).isEqualTo(0xff);
        assertThat(DriverMmu.Type.mairEl1() >>> 8 & 0xff).isEqualTo(0x44);
    }
}
