package dev.ipanema.vmm.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.kvm.uapi.KvmMem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExplainRequestTest {
    @Test
    void wordsAreTakenInEitherCase() {
        ExplainRequest request = ExplainRequest.parse("pfnmap,Shared", "NgNrE", "NOMAP", "readonly", "EXEC");

        assertThat(request)
                .isEqualTo(new ExplainRequest(
                        VmFlags.VM_PFNMAP | VmFlags.VM_SHARED,
                        PteAttrIndex.MT_DEVICE_nGnRE,
                        false,
                        KvmMem.KVM_MEM_READONLY,
                        ExplainRequest.Access.EXEC));
    }

    @Test
    void lettersOfSmapsAreFlags() {
        assertThat(ExplainRequest.parse("pf,io,sh", "WB", "ram", "", "read").vmFlags())
                .isEqualTo(VmFlags.VM_PFNMAP | VmFlags.VM_IO | VmFlags.VM_SHARED);
    }

    @Test
    void ordinaryIsNoFlag() {
        assertThat(ExplainRequest.parse("ordinary", "WB", "ram", "", "read").vmFlags())
                .isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "MOOD,     WB,   ram,   '',   read,  MOOD",
        "ordinary, MOOD, ram,   '',   read,  --attr 'MOOD'",
        "ordinary, WB,   swap,  '',   read,  --backing 'swap'",
        "ordinary, WB,   ram,   MOOD, read,  --slot-flags 'MOOD'",
        "ordinary, WB,   ram,   '',   fly,   --access 'fly'"
    })
    void unknownWordIsNamed(String vma, String attr, String backing, String slot, String access, String named) {
        assertThatThrownBy(() -> ExplainRequest.parse(vma, attr, backing, slot, access))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining(named);
    }
}
