package dev.ipanema.guests.program;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Disassembler;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class MapProgramTest {
    private final ByteBuffer elf = ByteBuffer.wrap(MapProgram.elf()).order(ByteOrder.LITTLE_ENDIAN);

    @Test
    void itIsAStaticProgramOfOneSegment() {
        assertThat(elf.getInt(0)).isEqualTo(0x464c_457f);
        assertThat(elf.getShort(16)).as("e_type EXEC").isEqualTo((short) 2);
        assertThat(elf.getShort(18)).as("e_machine AARCH64").isEqualTo((short) 183);
        assertThat(elf.getShort(56)).as("e_phnum").isEqualTo((short) 1);
        assertThat(elf.getLong(64 + 32)).as("p_filesz").isEqualTo(elf.capacity());
    }

    @Test
    void itsEntryIsCode() {
        int entry = (int) (elf.getLong(24) - elf.getLong(64 + 16));

        assertThat(Disassembler.disassemble(elf.getInt(entry), 0)).isEqualTo("mov x19, #0x1");
        assertThat(Disassembler.disassemble(elf.getInt(elf.capacity() - 4), 0)).isEqualTo("svc #0x0");
    }
}
