package dev.ipanema.machine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// HotSpot compiles no method of more than 8000 bytes of bytecode (`HugeMethodLimit`): what guests' speed depends
/// on must stay well below.
class MethodSizeTest {
    private static final int HUGE_METHOD_LIMIT = 8000;

    @Test
    void everyMethodOfTheProcessingElementCanBeCompiled() throws IOException, URISyntaxException {
        List<Path> classes = classesBeside(Interpreter.class);

        assertThat(classes).hasSizeGreaterThan(20);
        assertThat(classes).allSatisfy(file -> {
            for (MethodModel method : ClassFile.of().parse(file).methods()) {
                int bytes = method.findAttribute(java.lang.classfile.Attributes.code())
                        .map(code -> code.codeLength())
                        .orElse(0);
                assertThat(bytes)
                        .as("%s.%s", file.getFileName(), method.methodName().stringValue())
                        .isLessThan(HUGE_METHOD_LIMIT);
            }
        });
    }

    private static List<Path> classesBeside(Class<?> type) throws IOException, URISyntaxException {
        URI location = type.getResource(type.getSimpleName() + ".class").toURI();
        try (Stream<Path> files = Files.list(Path.of(location).getParent())) {
            return files.filter(file -> file.toString().endsWith(".class")).toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
