package dev.ipanema.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// The floors of the house: a module sees only the floors below it, packages lie one level below their module, and
/// raw memory stays inside `machine`.
@AnalyzeClasses(packages = "dev.ipanema", importOptions = ImportOption.DoNotIncludeTests.class)
class FloorsTest {
    @ArchTest
    static final ArchRule floorsReachOnlyDownwards = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .withOptionalLayers(true)
            .layer("base")
            .definedBy("dev.ipanema.base..")
            .layer("arm")
            .definedBy("dev.ipanema.arm..")
            .layer("guests")
            .definedBy("dev.ipanema.guests..")
            .layer("machine")
            .definedBy("dev.ipanema.machine..")
            .layer("devices")
            .definedBy("dev.ipanema.devices..")
            .layer("host")
            .definedBy("dev.ipanema.host..")
            .layer("kvm")
            .definedBy("dev.ipanema.kvm..")
            .layer("images")
            .definedBy("dev.ipanema.images..")
            .layer("vmm")
            .definedBy("dev.ipanema.vmm..")
            .layer("cli")
            .definedBy("dev.ipanema.cli..")
            .whereLayer("cli")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("vmm")
            .mayOnlyBeAccessedByLayers("cli")
            .whereLayer("images")
            .mayOnlyBeAccessedByLayers("vmm", "cli")
            .whereLayer("kvm")
            .mayOnlyBeAccessedByLayers("vmm", "cli")
            .whereLayer("host")
            .mayOnlyBeAccessedByLayers("kvm", "vmm", "cli")
            .whereLayer("devices")
            .mayOnlyBeAccessedByLayers("host", "kvm", "vmm", "cli")
            .whereLayer("machine")
            .mayOnlyBeAccessedByLayers("devices", "host", "kvm", "vmm", "cli")
            .whereLayer("guests")
            .mayOnlyBeAccessedByLayers("vmm", "cli")
            .whereLayer("arm")
            .mayOnlyBeAccessedByLayers("guests", "machine", "devices", "host", "kvm", "images", "vmm", "cli");

    @ArchTest
    static final ArchRule packagesLieOneLevelBelowTheirModule = classes()
            .that()
            .resideInAPackage("dev.ipanema..")
            .and()
            .resideOutsideOfPackage("dev.ipanema.cli")
            .should()
            .resideInAPackage("dev.ipanema.*.*")
            .allowEmptyShould(false);

    @ArchTest
    static final ArchRule noPackageIsNamedImplOrUtil =
            noClasses().should().resideInAnyPackage("..impl..", "..util..", "..utils..", "..internal..");

    @ArchTest
    static final ArchRule rawMemoryStaysInTheMachine = noClasses()
            .that()
            .resideOutsideOfPackage("dev.ipanema.machine..")
            .should()
            .dependOnClassesThat(rawMemory());

    @ArchTest
    static final ArchRule unsafeStandsInOneClass = noClasses()
            .that()
            .haveSimpleNameNotEndingWith("UnsafeRaw")
            .should()
            .dependOnClassesThat()
            .haveFullyQualifiedName("sun.misc.Unsafe");

    @ArchTest
    static final ArchRule archivesAreReadInImages = noClasses()
            .that()
            .resideOutsideOfPackage("dev.ipanema.images..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.apache.commons.compress..", "org.tukaani.xz..", "io.airlift.compress..");

    private static DescribedPredicate<JavaClass> rawMemory() {
        return DescribedPredicate.describe(
                "are raw memory of the machine",
                javaClass -> javaClass.getName().startsWith("dev.ipanema.machine.memory.")
                        && (javaClass.getSimpleName().equals("RawMemory")
                                || javaClass.getSimpleName().endsWith("Raw")));
    }
}
