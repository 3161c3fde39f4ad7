package dev.ipanema.guests.program;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Disassembler;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GpuDriverTest {
    private static ByteBuffer image(GpuDriver.Mode mode) {
        return ByteBuffer.wrap(GpuDriver.image(mode)).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static List<String> code(GpuDriver.Mode mode) {
        ByteBuffer image = image(mode);
        List<String> lines = new ArrayList<>();
        for (int at = 0x40; at < image.limit(); at += Integer.BYTES) {
            lines.add(Disassembler.disassemble(image.getInt(at), at).replaceAll("\\s+", " "));
        }
        return lines;
    }

    private static String text(GpuDriver.Mode mode) {
        return new String(GpuDriver.image(mode), StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest
    @EnumSource(GpuDriver.Mode.class)
    void anImageHasLinuxsHeaderWithItsSize(GpuDriver.Mode mode) {
        ByteBuffer image = image(mode);

        assertThat(image.getInt(56)).isEqualTo(0x644d5241);
        assertThat(image.getLong(16)).isEqualTo(image.limit());
        assertThat(Disassembler.disassemble(image.getInt(0), 0).replaceAll("\\s+", " "))
                .isEqualTo("b 0x40");
    }

    @Test
    void theSuiteMakesTheAccessesThatOnlyMemoryBears() {
        assertThat(code(GpuDriver.Mode.SUITE))
                .contains(
                        "ldadd x3, x4, [x13]",
                        "cas x4, x3, [x13]",
                        "casp x2, x3, x4, x5, [x13]",
                        "dc zva, x3",
                        "stur q0, [x13, #61]",
                        "ldxr x3, [x13]",
                        "blr x13");
    }

    @Test
    void theFirstPropertyIsTheUnalignedAccess() {
        String suite = text(GpuDriver.Mode.SUITE);

        assertThat(suite.indexOf("unaligned\0"))
                .isPositive()
                .isLessThan(suite.indexOf("aligned\0", suite.indexOf("unaligned\0") + 3));
        assertThat(text(GpuDriver.Mode.UNALIGNED)).contains("unaligned\0").doesNotContain("copy-engine");
    }

    @Test
    void measurementsHaveNoProperties() {
        assertThat(text(GpuDriver.Mode.TOUCH)).contains("touch: ").doesNotContain("unaligned");
        assertThat(text(GpuDriver.Mode.SPEED)).contains("speed: ram ").doesNotContain("unaligned");
        assertThat(GpuDriver.file(GpuDriver.Mode.TOUCH)).isEqualTo("gpu-touch.image");
    }
}
