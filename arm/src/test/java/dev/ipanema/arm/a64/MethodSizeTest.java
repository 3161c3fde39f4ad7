package dev.ipanema.arm.a64;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MethodSizeTest {
    /// HotSpot does not compile a method of more bytecodes (`DontCompileHugeMethods`).
    private static final int LIMIT = 8000;

    @Test
    void everyMethodOfThePackageCanBeCompiledByHotSpot() throws IOException, URISyntaxException {
        Path classes = Path.of(Decoder.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        List<String> huge = new ArrayList<>();
        int methods = 0;

        for (Path file : classFiles(classes.resolve("dev/ipanema/arm/a64"))) {
            ClassModel model = ClassFile.of().parse(file);
            for (MethodModel method : model.methods()) {
                int length = method.findAttribute(Attributes.code())
                        .map(code -> code.codeLength())
                        .orElse(0);
                methods++;
                if (length >= LIMIT) {
                    huge.add(model.thisClass().asInternalName() + "." + method.methodName() + " has " + length);
                }
            }
        }

        assertThat(methods).isGreaterThan(100);
        assertThat(huge).isEmpty();
    }

    private static List<Path> classFiles(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".class")).toList();
        }
    }
}
