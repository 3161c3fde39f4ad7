package dev.ipanema.images.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SymbolFileTest {
    private static SymbolTable read(String text) {
        return SymbolFile.read("System.map", text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void addressesAreNamedByTheSymbolBelow() {
        SymbolTable symbols = read("ffff800080000000 T _text\nffff800080010800 T vectors\n\nffffffffffffffff A last\n");

        assertThat(symbols.describe(0xffff_8000_8001_0a00L)).contains("vectors+0x200");
        assertThat(symbols.addressOf("_text")).contains(0xffff_8000_8000_0000L);
        assertThat(symbols.describe(0x1000)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"hello", "ffff T x\n", "ffff800080000000 TT x\n", "ffff80008000000g T x\n"})
    void whatIsNoSystemMapIsRefusedWithItsLine(String text) {
        assertThatThrownBy(() -> read(text)).isInstanceOf(BadInput.class).hasMessageStartingWith("System.map:1: ");
    }

    @Test
    void aFileWithoutSymbolsIsRefused() {
        assertThatThrownBy(() -> read("\n")).isInstanceOf(BadInput.class).hasMessageContaining("no symbols");
    }
}
