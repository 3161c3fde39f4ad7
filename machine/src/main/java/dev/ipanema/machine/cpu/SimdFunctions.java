package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.simd.IntegerEstimates;
import dev.ipanema.arm.simd.LaneArithmetic;
import dev.ipanema.arm.simd.LaneShifts;
import dev.ipanema.arm.simd.Lanes;
import dev.ipanema.arm.simd.Logic;
import dev.ipanema.arm.simd.Polynomials;
import dev.ipanema.arm.simd.Products;
import dev.ipanema.arm.simd.SaturatingShifts;
import dev.ipanema.arm.simd.Saturation;

/// The function of each SIMD operation: what of [dev.ipanema.arm.simd] it is, and of which operands.
///
/// Source: Arm ARM DDI 0487, C7.2 by name.
final class SimdFunctions {
    private SimdFunctions() {}

    /// {@return the function of an operation on elements of one size, by element or not}
    static LaneFunction same(int op) {
        return switch (op) {
            case Op.SHADD_V -> (n, m, d, size, s) -> LaneArithmetic.shadd(n, m, size);
            case Op.UHADD_V -> (n, m, d, size, s) -> LaneArithmetic.uhadd(n, m, size);
            case Op.SRHADD_V -> (n, m, d, size, s) -> LaneArithmetic.srhadd(n, m, size);
            case Op.URHADD_V -> (n, m, d, size, s) -> LaneArithmetic.urhadd(n, m, size);
            case Op.SHSUB_V -> (n, m, d, size, s) -> LaneArithmetic.shsub(n, m, size);
            case Op.UHSUB_V -> (n, m, d, size, s) -> LaneArithmetic.uhsub(n, m, size);
            case Op.CMGT_V -> (n, m, d, size, s) -> LaneArithmetic.cmgt(n, m, size);
            case Op.CMHI_V -> (n, m, d, size, s) -> LaneArithmetic.cmhi(n, m, size);
            case Op.CMGE_V -> (n, m, d, size, s) -> LaneArithmetic.cmge(n, m, size);
            case Op.CMHS_V -> (n, m, d, size, s) -> LaneArithmetic.cmhs(n, m, size);
            case Op.CMTST_V -> (n, m, d, size, s) -> LaneArithmetic.cmtst(n, m, size);
            case Op.CMEQ_V -> (n, m, d, size, s) -> LaneArithmetic.cmeq(n, m, size);
            case Op.SMAX_V -> (n, m, d, size, s) -> LaneArithmetic.smax(n, m, size);
            case Op.UMAX_V -> (n, m, d, size, s) -> LaneArithmetic.umax(n, m, size);
            case Op.SMIN_V -> (n, m, d, size, s) -> LaneArithmetic.smin(n, m, size);
            case Op.UMIN_V -> (n, m, d, size, s) -> LaneArithmetic.umin(n, m, size);
            case Op.SABD_V -> (n, m, d, size, s) -> LaneArithmetic.sabd(n, m, size);
            case Op.UABD_V -> (n, m, d, size, s) -> LaneArithmetic.uabd(n, m, size);
            case Op.ADD_V -> (n, m, d, size, s) -> LaneArithmetic.add(n, m, size);
            case Op.SUB_V -> (n, m, d, size, s) -> LaneArithmetic.sub(n, m, size);
            default -> accumulating(op);
        };
    }

    private static LaneFunction accumulating(int op) {
        return switch (op) {
            case Op.AND_V -> (n, m, d, size, s) -> n & m;
            case Op.BIC_V -> (n, m, d, size, s) -> n & ~m;
            case Op.ORR_V -> (n, m, d, size, s) -> n | m;
            case Op.ORN_V -> (n, m, d, size, s) -> n | ~m;
            case Op.EOR_V -> (n, m, d, size, s) -> n ^ m;
            case Op.BSL_V -> (n, m, d, size, s) -> Logic.select(d, n, m);
            case Op.BIT_V -> (n, m, d, size, s) -> Logic.select(m, n, d);
            case Op.BIF_V -> (n, m, d, size, s) -> Logic.select(m, d, n);
            case Op.SABA_V -> (n, m, d, size, s) -> LaneArithmetic.add(d, LaneArithmetic.sabd(n, m, size), size);
            case Op.UABA_V -> (n, m, d, size, s) -> LaneArithmetic.add(d, LaneArithmetic.uabd(n, m, size), size);
            case Op.MUL_V, Op.MUL_E -> (n, m, d, size, s) -> LaneArithmetic.mul(n, m, size);
            case Op.MLA_V, Op.MLA_E ->
                (n, m, d, size, s) -> LaneArithmetic.add(d, LaneArithmetic.mul(n, m, size), size);
            case Op.MLS_V, Op.MLS_E ->
                (n, m, d, size, s) -> LaneArithmetic.sub(d, LaneArithmetic.mul(n, m, size), size);
            case Op.PMUL_V -> (n, m, d, size, s) -> Polynomials.pmul(n, m);
            case Op.SDOT_V, Op.SDOT_E -> (n, m, d, size, s) -> Products.sdot(n, m, d);
            case Op.UDOT_V, Op.UDOT_E -> (n, m, d, size, s) -> Products.udot(n, m, d);
            case Op.USDOT_V, Op.USDOT_E -> (n, m, d, size, s) -> Products.usdot(n, m, d);
            case Op.SUDOT_E -> (n, m, d, size, s) -> Products.usdot(m, n, d);
            default -> saturating(op);
        };
    }

    private static LaneFunction saturating(int op) {
        return switch (op) {
            case Op.SQADD_V -> (n, m, d, size, s) -> Saturation.sqadd(n, m, size, s);
            case Op.UQADD_V -> (n, m, d, size, s) -> Saturation.uqadd(n, m, size, s);
            case Op.SQSUB_V -> (n, m, d, size, s) -> Saturation.sqsub(n, m, size, s);
            case Op.UQSUB_V -> (n, m, d, size, s) -> Saturation.uqsub(n, m, size, s);
            case Op.SSHL_V -> (n, m, d, size, s) -> LaneShifts.sshl(n, m, size);
            case Op.USHL_V -> (n, m, d, size, s) -> LaneShifts.ushl(n, m, size);
            case Op.SRSHL_V -> (n, m, d, size, s) -> LaneShifts.srshl(n, m, size);
            case Op.URSHL_V -> (n, m, d, size, s) -> LaneShifts.urshl(n, m, size);
            case Op.SQSHL_V -> (n, m, d, size, s) -> SaturatingShifts.sqshl(n, m, size, s);
            case Op.UQSHL_V -> (n, m, d, size, s) -> SaturatingShifts.uqshl(n, m, size, s);
            case Op.SQRSHL_V -> (n, m, d, size, s) -> SaturatingShifts.sqrshl(n, m, size, s);
            case Op.UQRSHL_V -> (n, m, d, size, s) -> SaturatingShifts.uqrshl(n, m, size, s);
            case Op.SQDMULH_V, Op.SQDMULH_E -> (n, m, d, size, s) -> Products.sqdmulh(n, m, size, s);
            case Op.SQRDMULH_V, Op.SQRDMULH_E -> (n, m, d, size, s) -> Products.sqrdmulh(n, m, size, s);
            case Op.SQRDMLAH_V, Op.SQRDMLAH_E -> (n, m, d, size, s) -> Products.sqrdmlah(n, m, d, size, s);
            case Op.SQRDMLSH_V, Op.SQRDMLSH_E -> (n, m, d, size, s) -> Products.sqrdmlsh(n, m, d, size, s);
            default -> throw unknown(op);
        };
    }

    /// {@return the function of neighbours}
    static LaneFunction pairwise(int op) {
        return switch (op) {
            case Op.ADDP_V -> (n, m, d, size, s) -> LaneArithmetic.add(n, m, size);
            case Op.SMAXP_V -> (n, m, d, size, s) -> LaneArithmetic.smax(n, m, size);
            case Op.UMAXP_V -> (n, m, d, size, s) -> LaneArithmetic.umax(n, m, size);
            case Op.SMINP_V -> (n, m, d, size, s) -> LaneArithmetic.smin(n, m, size);
            case Op.UMINP_V -> (n, m, d, size, s) -> LaneArithmetic.umin(n, m, size);
            default -> throw unknown(op);
        };
    }

    /// {@return the product of a matrix}
    static SimdInstructions.Rows matrix(int op) {
        return switch (op) {
            case Op.SMMLA_V -> Products::smmla;
            case Op.UMMLA_V -> Products::ummla;
            case Op.USMMLA_V -> Products::usmmla;
            default -> throw unknown(op);
        };
    }

    /// {@return the function of an operation on the low 32 bits of each source, whose result has elements twice as
    /// large}
    static LaneFunction longer(int op) {
        return switch (op) {
            case Op.SADDL_V ->
                (n, m, d, size, s) ->
                        LaneArithmetic.add(Lanes.widenSigned(n, size), Lanes.widenSigned(m, size), size + 1);
            case Op.SSUBL_V ->
                (n, m, d, size, s) ->
                        LaneArithmetic.sub(Lanes.widenSigned(n, size), Lanes.widenSigned(m, size), size + 1);
            case Op.SABDL_V ->
                (n, m, d, size, s) ->
                        LaneArithmetic.sabd(Lanes.widenSigned(n, size), Lanes.widenSigned(m, size), size + 1);
            case Op.SABAL_V ->
                (n, m, d, size, s) -> LaneArithmetic.add(
                        d,
                        LaneArithmetic.sabd(Lanes.widenSigned(n, size), Lanes.widenSigned(m, size), size + 1),
                        size + 1);
            case Op.SMULL_V, Op.SMULL_E ->
                (n, m, d, size, s) ->
                        LaneArithmetic.mul(Lanes.widenSigned(n, size), Lanes.widenSigned(m, size), size + 1);
            case Op.SMLAL_V, Op.SMLAL_E ->
                (n, m, d, size, s) -> LaneArithmetic.add(
                        d,
                        LaneArithmetic.mul(Lanes.widenSigned(n, size), Lanes.widenSigned(m, size), size + 1),
                        size + 1);
            case Op.SMLSL_V, Op.SMLSL_E ->
                (n, m, d, size, s) -> LaneArithmetic.sub(
                        d,
                        LaneArithmetic.mul(Lanes.widenSigned(n, size), Lanes.widenSigned(m, size), size + 1),
                        size + 1);
            case Op.UADDL_V ->
                (n, m, d, size, s) ->
                        LaneArithmetic.add(Lanes.widenUnsigned(n, size), Lanes.widenUnsigned(m, size), size + 1);
            case Op.USUBL_V ->
                (n, m, d, size, s) ->
                        LaneArithmetic.sub(Lanes.widenUnsigned(n, size), Lanes.widenUnsigned(m, size), size + 1);
            case Op.UABDL_V ->
                (n, m, d, size, s) ->
                        LaneArithmetic.uabd(Lanes.widenUnsigned(n, size), Lanes.widenUnsigned(m, size), size + 1);
            case Op.UABAL_V ->
                (n, m, d, size, s) -> LaneArithmetic.add(
                        d,
                        LaneArithmetic.uabd(Lanes.widenUnsigned(n, size), Lanes.widenUnsigned(m, size), size + 1),
                        size + 1);
            case Op.UMULL_V, Op.UMULL_E ->
                (n, m, d, size, s) ->
                        LaneArithmetic.mul(Lanes.widenUnsigned(n, size), Lanes.widenUnsigned(m, size), size + 1);
            case Op.UMLAL_V, Op.UMLAL_E ->
                (n, m, d, size, s) -> LaneArithmetic.add(
                        d,
                        LaneArithmetic.mul(Lanes.widenUnsigned(n, size), Lanes.widenUnsigned(m, size), size + 1),
                        size + 1);
            case Op.UMLSL_V, Op.UMLSL_E ->
                (n, m, d, size, s) -> LaneArithmetic.sub(
                        d,
                        LaneArithmetic.mul(Lanes.widenUnsigned(n, size), Lanes.widenUnsigned(m, size), size + 1),
                        size + 1);
            case Op.SQDMULL_V, Op.SQDMULL_E -> (n, m, d, size, s) -> Products.sqdmull(n, m, size, s);
            case Op.SQDMLAL_V, Op.SQDMLAL_E -> (n, m, d, size, s) -> Products.sqdmlal(n, m, d, size, s);
            case Op.SQDMLSL_V, Op.SQDMLSL_E -> (n, m, d, size, s) -> Products.sqdmlsl(n, m, d, size, s);
            case Op.PMULL_V -> (n, m, d, size, s) -> Polynomials.pmull8(n, m);
            case Op.SSHLL_V -> (n, m, d, size, s) -> LaneShifts.shl(Lanes.widenSigned(n, size), (int) m, size + 1);
            case Op.USHLL_V -> (n, m, d, size, s) -> LaneShifts.shl(Lanes.widenUnsigned(n, size), (int) m, size + 1);
            case Op.SHLL_V ->
                (n, m, d, size, s) -> LaneShifts.shl(Lanes.widenUnsigned(n, size), Lanes.bits(size), size + 1);
            default -> throw unknown(op);
        };
    }

    /// {@return the function of a half and, of the second source, the low 32 bits}
    static LaneFunction wide(int op) {
        return switch (op) {
            case Op.SADDW_V -> (n, m, d, size, s) -> LaneArithmetic.add(n, Lanes.widenSigned(m, size), size + 1);
            case Op.UADDW_V -> (n, m, d, size, s) -> LaneArithmetic.add(n, Lanes.widenUnsigned(m, size), size + 1);
            case Op.SSUBW_V -> (n, m, d, size, s) -> LaneArithmetic.sub(n, Lanes.widenSigned(m, size), size + 1);
            case Op.USUBW_V -> (n, m, d, size, s) -> LaneArithmetic.sub(n, Lanes.widenUnsigned(m, size), size + 1);
            default -> throw unknown(op);
        };
    }

    /// {@return the function whose result's high halves remain}
    static LaneFunction narrowHigh(int op) {
        return switch (op) {
            case Op.ADDHN_V -> (n, m, d, size, s) -> LaneArithmetic.add(n, m, size + 1);
            case Op.RADDHN_V ->
                (n, m, d, size, s) -> LaneArithmetic.roundedHigh(LaneArithmetic.add(n, m, size + 1), size);
            case Op.SUBHN_V -> (n, m, d, size, s) -> LaneArithmetic.sub(n, m, size + 1);
            case Op.RSUBHN_V ->
                (n, m, d, size, s) -> LaneArithmetic.roundedHigh(LaneArithmetic.sub(n, m, size + 1), size);
            default -> throw unknown(op);
        };
    }

    /// {@return the function of the low half `n` and the high half `m` of a source, and of the shift `d`}
    static LaneFunction narrow(int op) {
        return switch (op) {
            case Op.XTN_V -> (n, m, d, size, s) -> Lanes.evenLanes(n, m, size);
            case Op.SQXTN_V -> (n, m, d, size, s) -> Saturation.sqxtn(n, m, size, s);
            case Op.UQXTN_V -> (n, m, d, size, s) -> Saturation.uqxtn(n, m, size, s);
            case Op.SQXTUN_V -> (n, m, d, size, s) -> Saturation.sqxtun(n, m, size, s);
            case Op.SHRN_V ->
                (n, m, d, size, s) -> Lanes.evenLanes(
                        LaneShifts.ushr(n, (int) d, size + 1), LaneShifts.ushr(m, (int) d, size + 1), size);
            case Op.RSHRN_V ->
                (n, m, d, size, s) -> Lanes.evenLanes(
                        LaneShifts.urshr(n, (int) d, size + 1), LaneShifts.urshr(m, (int) d, size + 1), size);
            case Op.SQSHRN_V ->
                (n, m, d, size, s) -> Saturation.sqxtn(
                        LaneShifts.sshr(n, (int) d, size + 1), LaneShifts.sshr(m, (int) d, size + 1), size, s);
            case Op.SQRSHRN_V ->
                (n, m, d, size, s) -> Saturation.sqxtn(
                        LaneShifts.srshr(n, (int) d, size + 1), LaneShifts.srshr(m, (int) d, size + 1), size, s);
            case Op.UQSHRN_V ->
                (n, m, d, size, s) -> Saturation.uqxtn(
                        LaneShifts.ushr(n, (int) d, size + 1), LaneShifts.ushr(m, (int) d, size + 1), size, s);
            case Op.UQRSHRN_V ->
                (n, m, d, size, s) -> Saturation.uqxtn(
                        LaneShifts.urshr(n, (int) d, size + 1), LaneShifts.urshr(m, (int) d, size + 1), size, s);
            case Op.SQSHRUN_V ->
                (n, m, d, size, s) -> Saturation.sqxtun(
                        LaneShifts.sshr(n, (int) d, size + 1), LaneShifts.sshr(m, (int) d, size + 1), size, s);
            case Op.SQRSHRUN_V ->
                (n, m, d, size, s) -> Saturation.sqxtun(
                        LaneShifts.srshr(n, (int) d, size + 1), LaneShifts.srshr(m, (int) d, size + 1), size, s);
            default -> throw unknown(op);
        };
    }

    /// {@return the function of one source}
    static LaneFunction misc(int op) {
        return switch (op) {
            case Op.REV64_V -> (n, m, d, size, s) -> Lanes.reverse(n, 3, size);
            case Op.REV32_V -> (n, m, d, size, s) -> Lanes.reverse(n, 2, size);
            case Op.REV16_V -> (n, m, d, size, s) -> Lanes.reverse(n, 1, size);
            case Op.SADDLP_V -> (n, m, d, size, s) -> LaneArithmetic.saddlp(n, size);
            case Op.UADDLP_V -> (n, m, d, size, s) -> LaneArithmetic.uaddlp(n, size);
            case Op.SADALP_V -> (n, m, d, size, s) -> LaneArithmetic.add(d, LaneArithmetic.saddlp(n, size), size + 1);
            case Op.UADALP_V -> (n, m, d, size, s) -> LaneArithmetic.add(d, LaneArithmetic.uaddlp(n, size), size + 1);
            case Op.SUQADD_V -> (n, m, d, size, s) -> Saturation.suqadd(n, d, size, s);
            case Op.USQADD_V -> (n, m, d, size, s) -> Saturation.usqadd(n, d, size, s);
            case Op.CLS_V -> (n, m, d, size, s) -> LaneArithmetic.cls(n, size);
            case Op.CLZ_V -> (n, m, d, size, s) -> LaneArithmetic.clz(n, size);
            case Op.CNT_V -> (n, m, d, size, s) -> LaneArithmetic.cnt(n);
            case Op.NOT_V -> (n, m, d, size, s) -> ~n;
            case Op.RBIT_V -> (n, m, d, size, s) -> Lanes.reverseBits(n);
            case Op.SQABS_V -> (n, m, d, size, s) -> Saturation.sqabs(n, size, s);
            case Op.SQNEG_V -> (n, m, d, size, s) -> Saturation.sqneg(n, size, s);
            case Op.CMGT_ZERO_V -> (n, m, d, size, s) -> LaneArithmetic.cmgt(n, 0, size);
            case Op.CMGE_ZERO_V -> (n, m, d, size, s) -> LaneArithmetic.cmge(n, 0, size);
            case Op.CMEQ_ZERO_V -> (n, m, d, size, s) -> LaneArithmetic.cmeq(n, 0, size);
            case Op.CMLE_ZERO_V -> (n, m, d, size, s) -> LaneArithmetic.cmge(0, n, size);
            case Op.CMLT_ZERO_V -> (n, m, d, size, s) -> LaneArithmetic.cmgt(0, n, size);
            case Op.ABS_V -> (n, m, d, size, s) -> LaneArithmetic.abs(n, size);
            case Op.NEG_V -> (n, m, d, size, s) -> LaneArithmetic.neg(n, size);
            case Op.URECPE_V -> (n, m, d, size, s) -> IntegerEstimates.urecpe(n);
            case Op.URSQRTE_V -> (n, m, d, size, s) -> IntegerEstimates.ursqrte(n);
            default -> throw unknown(op);
        };
    }

    /// {@return the function of the low half `n` and the high half `m`, to one element}
    static LaneFunction across(int op) {
        return switch (op) {
            case Op.SADDLV_V -> (n, m, d, size, s) -> LaneArithmetic.saddlv(n, m, size);
            case Op.UADDLV_V -> (n, m, d, size, s) -> LaneArithmetic.uaddlv(n, m, size);
            case Op.ADDV_V -> (n, m, d, size, s) -> LaneArithmetic.addv(n, m, size);
            case Op.SMAXV_V -> (n, m, d, size, s) -> LaneArithmetic.smaxv(n, m, size);
            case Op.UMAXV_V -> (n, m, d, size, s) -> LaneArithmetic.umaxv(n, m, size);
            case Op.SMINV_V -> (n, m, d, size, s) -> LaneArithmetic.sminv(n, m, size);
            case Op.UMINV_V -> (n, m, d, size, s) -> LaneArithmetic.uminv(n, m, size);
            default -> throw unknown(op);
        };
    }

    /// {@return the function of a source and the immediate shift `m`}
    static LaneFunction shift(int op) {
        return switch (op) {
            case Op.SSHR_V -> (n, m, d, size, s) -> LaneShifts.sshr(n, (int) m, size);
            case Op.USHR_V -> (n, m, d, size, s) -> LaneShifts.ushr(n, (int) m, size);
            case Op.SRSHR_V -> (n, m, d, size, s) -> LaneShifts.srshr(n, (int) m, size);
            case Op.URSHR_V -> (n, m, d, size, s) -> LaneShifts.urshr(n, (int) m, size);
            case Op.SSRA_V -> (n, m, d, size, s) -> LaneArithmetic.add(d, LaneShifts.sshr(n, (int) m, size), size);
            case Op.USRA_V -> (n, m, d, size, s) -> LaneArithmetic.add(d, LaneShifts.ushr(n, (int) m, size), size);
            case Op.SRSRA_V -> (n, m, d, size, s) -> LaneArithmetic.add(d, LaneShifts.srshr(n, (int) m, size), size);
            case Op.URSRA_V -> (n, m, d, size, s) -> LaneArithmetic.add(d, LaneShifts.urshr(n, (int) m, size), size);
            case Op.SRI_V -> (n, m, d, size, s) -> LaneShifts.sri(n, (int) m, d, size);
            case Op.SLI_V -> (n, m, d, size, s) -> LaneShifts.sli(n, (int) m, d, size);
            case Op.SHL_V -> (n, m, d, size, s) -> LaneShifts.shl(n, (int) m, size);
            case Op.SQSHLU_V -> (n, m, d, size, s) -> SaturatingShifts.sqshlu(n, (int) m, size, s);
            case Op.SQSHL_IMM_V -> (n, m, d, size, s) -> SaturatingShifts.sqshl(n, (int) m, size, s);
            case Op.UQSHL_IMM_V -> (n, m, d, size, s) -> SaturatingShifts.uqshl(n, (int) m, size, s);
            default -> throw unknown(op);
        };
    }

    private static AssertionError unknown(int op) {
        return new AssertionError("Operation " + op + " is no function of lanes");
    }
}
