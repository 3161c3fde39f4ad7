package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.a64.VectorShape;
import dev.ipanema.arm.simd.Aes;
import dev.ipanema.arm.simd.Polynomials;
import dev.ipanema.arm.simd.Sha1;
import dev.ipanema.arm.simd.Sha256;
import dev.ipanema.arm.simd.Sha3;
import dev.ipanema.arm.simd.Sha512;
import dev.ipanema.arm.simd.Sm3;
import dev.ipanema.arm.simd.Sm4;

/// Makes the executable form of cryptographic instructions.
final class CryptoFactory {
    /// PMULL and PMULL2 of 64 bits.
    static final RegisterFunction PMULL = (v, d, n, m, a, imm, aux) -> {
        int upper = VectorShape.isQ(aux) ? 1 : 0;
        long first = v[2 * n + upper];
        long second = v[2 * m + upper];
        v[2 * d] = Polynomials.pmullLow(first, second);
        v[2 * d + 1] = Polynomials.pmullHigh(first, second);
    };

    private CryptoFactory() {}

    /// {@return the executable form of an operation of the group CRYPTO}
    static DecodedInstruction make(int op, long word, long imm) {
        return new SimdInstructions.Registers(word, function(op), imm);
    }

    private static RegisterFunction function(int op) {
        return switch (op) {
            case Op.AESE -> (v, d, n, m, a, imm, aux) -> Aes.aese(v, d, n);
            case Op.AESD -> (v, d, n, m, a, imm, aux) -> Aes.aesd(v, d, n);
            case Op.AESMC -> (v, d, n, m, a, imm, aux) -> Aes.aesmc(v, d, n);
            case Op.AESIMC -> (v, d, n, m, a, imm, aux) -> Aes.aesimc(v, d, n);
            case Op.SHA1C -> (v, d, n, m, a, imm, aux) -> Sha1.sha1c(v, d, n, m);
            case Op.SHA1P -> (v, d, n, m, a, imm, aux) -> Sha1.sha1p(v, d, n, m);
            case Op.SHA1M -> (v, d, n, m, a, imm, aux) -> Sha1.sha1m(v, d, n, m);
            case Op.SHA1SU0 -> (v, d, n, m, a, imm, aux) -> Sha1.sha1su0(v, d, n, m);
            case Op.SHA1H -> (v, d, n, m, a, imm, aux) -> Sha1.sha1h(v, d, n);
            case Op.SHA1SU1 -> (v, d, n, m, a, imm, aux) -> Sha1.sha1su1(v, d, n);
            case Op.SHA256H -> (v, d, n, m, a, imm, aux) -> Sha256.sha256h(v, d, n, m);
            case Op.SHA256H2 -> (v, d, n, m, a, imm, aux) -> Sha256.sha256h2(v, d, n, m);
            case Op.SHA256SU0 -> (v, d, n, m, a, imm, aux) -> Sha256.sha256su0(v, d, n);
            case Op.SHA256SU1 -> (v, d, n, m, a, imm, aux) -> Sha256.sha256su1(v, d, n, m);
            case Op.SHA512H -> (v, d, n, m, a, imm, aux) -> Sha512.sha512h(v, d, n, m);
            case Op.SHA512H2 -> (v, d, n, m, a, imm, aux) -> Sha512.sha512h2(v, d, n, m);
            case Op.SHA512SU0 -> (v, d, n, m, a, imm, aux) -> Sha512.sha512su0(v, d, n);
            case Op.SHA512SU1 -> (v, d, n, m, a, imm, aux) -> Sha512.sha512su1(v, d, n, m);
            default -> later(op);
        };
    }

    private static RegisterFunction later(int op) {
        return switch (op) {
            case Op.EOR3 ->
                (v, d, n, m, a, imm, aux) -> {
                    v[2 * d] = Sha3.eor3(v[2 * n], v[2 * m], v[2 * a]);
                    v[2 * d + 1] = Sha3.eor3(v[2 * n + 1], v[2 * m + 1], v[2 * a + 1]);
                };
            case Op.BCAX ->
                (v, d, n, m, a, imm, aux) -> {
                    v[2 * d] = Sha3.bcax(v[2 * n], v[2 * m], v[2 * a]);
                    v[2 * d + 1] = Sha3.bcax(v[2 * n + 1], v[2 * m + 1], v[2 * a + 1]);
                };
            case Op.RAX1 ->
                (v, d, n, m, a, imm, aux) -> {
                    v[2 * d] = Sha3.rax1(v[2 * n], v[2 * m]);
                    v[2 * d + 1] = Sha3.rax1(v[2 * n + 1], v[2 * m + 1]);
                };
            case Op.XAR ->
                (v, d, n, m, a, imm, aux) -> {
                    v[2 * d] = Sha3.xar(v[2 * n], v[2 * m], imm);
                    v[2 * d + 1] = Sha3.xar(v[2 * n + 1], v[2 * m + 1], imm);
                };
            case Op.SM3SS1 -> (v, d, n, m, a, imm, aux) -> Sm3.sm3ss1(v, d, n, m, a);
            case Op.SM3TT1A -> (v, d, n, m, a, imm, aux) -> Sm3.sm3tt1a(v, d, n, m, imm);
            case Op.SM3TT1B -> (v, d, n, m, a, imm, aux) -> Sm3.sm3tt1b(v, d, n, m, imm);
            case Op.SM3TT2A -> (v, d, n, m, a, imm, aux) -> Sm3.sm3tt2a(v, d, n, m, imm);
            case Op.SM3TT2B -> (v, d, n, m, a, imm, aux) -> Sm3.sm3tt2b(v, d, n, m, imm);
            case Op.SM3PARTW1 -> (v, d, n, m, a, imm, aux) -> Sm3.sm3partw1(v, d, n, m);
            case Op.SM3PARTW2 -> (v, d, n, m, a, imm, aux) -> Sm3.sm3partw2(v, d, n, m);
            case Op.SM4E -> (v, d, n, m, a, imm, aux) -> Sm4.sm4e(v, d, n);
            case Op.SM4EKEY -> (v, d, n, m, a, imm, aux) -> Sm4.sm4ekey(v, d, n, m);
            default -> throw new AssertionError("Operation " + op + " is not cryptographic");
        };
    }
}
