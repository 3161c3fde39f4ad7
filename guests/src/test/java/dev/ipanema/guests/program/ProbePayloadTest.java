package dev.ipanema.guests.program;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Disassembler;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ProbePayloadTest {
    private static final int OPERATION_REGISTER = 9;

    private final ProbePayload payload = ProbePayload.instance();

    private List<String> disassemble(long address, int count) {
        ByteBuffer image = ByteBuffer.wrap(payload.image()).order(ByteOrder.LITTLE_ENDIAN);
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long pc = address + (long) i * Integer.BYTES;
            lines.add(Disassembler.disassemble(image.getInt((int) (pc - ProbePayload.BASE)), pc)
                    .replaceAll("\\s+", " "));
        }
        return lines;
    }

    @Test
    void imageHasItsSize() {
        assertThat(payload.image()).hasSize(ProbePayload.SIZE);
    }

    @ParameterizedTest
    @EnumSource(Operation.class)
    void operationStandsInTheImageBehindTheEntry(Operation operation) {
        long address = payload.registers(operation, Stage1.WB, 0x8000_0000L)[OPERATION_REGISTER];

        assertThat(address).isGreaterThan(ProbePayload.ENTRY).isLessThan(ProbePayload.BASE + ProbePayload.SIZE);
    }

    @Test
    void exclusivePairIsWhatTheRecordingsDescribe() {
        long address = payload.registers(Operation.LDXR_STXR, Stage1.WB, 0x8000_0000L)[OPERATION_REGISTER];

        assertThat(disassemble(address, 2)).containsExactly("ldxr x1, [x0]", "stxr w3, x2, [x0]");
    }

    @Test
    void pageHoldsTheUnalignedWord() {
        ByteBuffer page = ByteBuffer.wrap(ProbePage.content()).order(ByteOrder.LITTLE_ENDIAN);

        assertThat(page.getLong(0)).isEqualTo(0x1122334455667788L);
        assertThat(page.getLong(8)).isEqualTo(0x1122334455667789L);
        assertThat(page.getLong(0x101)).isEqualTo(0x2208070605040302L);
        assertThat(page.getInt(0x800)).isEqualTo(0xd28b4b41);
        assertThat(page.getInt(0x804)).isEqualTo(0xd65f03c0);
    }
}
