package dev.ipanema.host.mm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import org.junit.jupiter.api.Test;

class VmFlagsTest {
    @Test
    void namesLettersAndPrefixesMeanTheSameFlag() {
        assertThat(VmFlags.parse("PFNMAP")).isEqualTo(VmFlags.VM_PFNMAP);
        assertThat(VmFlags.parse("vm_pfnmap")).isEqualTo(VmFlags.VM_PFNMAP);
        assertThat(VmFlags.parse("pf")).isEqualTo(VmFlags.VM_PFNMAP);
        assertThat(VmFlags.parse("mm")).isEqualTo(VmFlags.VM_MIXEDMAP);
        assertThat(VmFlags.parse("mte_allowed")).isEqualTo(VmFlags.VM_MTE_ALLOWED);
    }

    @Test
    void wordsThatAreNoFlagAreRefusedByName() {
        assertThatThrownBy(() -> VmFlags.parse("PFNMAPS"))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("'PFNMAPS'")
                .hasMessageContaining("MIXEDMAP");
        assertThatThrownBy(() -> VmFlags.parse("")).isInstanceOf(BadInput.class);
        assertThatThrownBy(() -> VmFlags.parse("??")).isInstanceOf(BadInput.class);
    }

    @Test
    void valuesAreTheKernels() {
        assertThat(VmFlags.VM_PFNMAP).isEqualTo(0x400);
        assertThat(VmFlags.VM_IO).isEqualTo(0x4000);
        assertThat(VmFlags.VM_MIXEDMAP).isEqualTo(0x1000_0000);
        assertThat(VmFlags.VM_ALLOW_ANY_UNCACHED).isEqualTo(1L << 39);
    }

    @Test
    void namesAreJoinedInOrderOfTheirBits() {
        assertThat(VmFlags.names(VmFlags.VM_IO | VmFlags.VM_PFNMAP | VmFlags.VM_ALLOW_ANY_UNCACHED))
                .isEqualTo("PFNMAP|IO|ALLOW_ANY_UNCACHED");
        assertThat(VmFlags.names(0)).isEqualTo("0");
    }

    @Test
    void mairBytesAreThoseThatLinuxSets() {
        assertThat(PteAttrIndex.MT_NORMAL.mairByte()).isEqualTo(0xff);
        assertThat(PteAttrIndex.MT_NORMAL_TAGGED.mairByte()).isEqualTo(0xf0);
        assertThat(PteAttrIndex.MT_NORMAL_NC.mairByte()).isEqualTo(0x44);
        assertThat(PteAttrIndex.MT_DEVICE_nGnRnE.mairByte()).isZero();
        assertThat(PteAttrIndex.MT_DEVICE_nGnRE.mairByte()).isEqualTo(0x04);
    }

    @Test
    void nonCacheableProtectionsAreNeverExecutable() {
        PageProt rwx = new PageProt(PteAttrIndex.MT_NORMAL, true, true, true);

        assertThat(rwx.exec()).isTrue();
        assertThat(rwx.withAttr(PteAttrIndex.MT_NORMAL_NC).exec()).isFalse();
        assertThat(rwx.withAttr(PteAttrIndex.MT_DEVICE_nGnRE).exec()).isFalse();
    }
}
