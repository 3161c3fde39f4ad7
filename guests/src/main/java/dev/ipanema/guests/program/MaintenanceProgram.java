package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.SysReg;

/// A guest that does what it would have to on a machine of its own, and for the rest counts on a hypervisor that
/// maintains caches for it, as KVM does on hosts without FEAT_S2FWB or CTR_EL0.DIC: one [Work] with a word at
/// [#MEMORY].
///
/// A store to [#DEVICE] gives the VMM a turn.
///
/// | report | is |
/// |---|---|
/// | [#TRANSLATION] | PAR_EL1 of the word for the access that counts |
/// | [#VALUE] | what that access got; [#NEW] is right |
public final class MaintenanceProgram extends CacheProgram {
    /// PAR_EL1 of the word.
    public static final int TRANSLATION = FIRST;

    /// What the guest got.
    public static final int VALUE = FIRST + 1;

    /// What is right.
    public static final long NEW = 2;

    /// What was there before: what code returns, or what the word held.
    public static final long OLD = 1;

    /// What is done with the word.
    public enum Work {
        /// Started with its caches on: loads it by the Non-cacheable alias.
        LOAD_UNCACHED,
        /// Calls it, gives the VMM a turn, and calls it again.
        CALL_TWICE,
        /// Stores it by the caches, cleans and invalidates them by set and way, and loads it by the Non-cacheable
        /// alias.
        CLEAN_BY_SET_AND_WAY,
        /// Stores it before MMU and caches are on, and loads it afterwards.
        STORE_AND_SWITCH_ON,
        /// Loads it before MMU and caches are on, and stores [#OLD] afterwards: for a second start.
        LOAD_AND_STORE,
        /// Stores it before MMU and caches are on, and gives the VMM a turn; reports nothing.
        STORE,
        /// Loads it before MMU and caches are on.
        LOAD
    }

    private final Work work;

    /// Creates the program.
    public MaintenanceProgram(Work work) {
        this.work = work;
    }

    /// {@return a function for [#MEMORY]}
    ///
    /// @param result what it returns
    public static byte[] function(long result) {
        return new Assembler(MEMORY).movImm(Reg.X0, result).ret().bytes();
    }

    /// X9 is the word.
    @Override
    void body() {
        asm.movImm(Reg.X9, MEMORY);
        switch (work) {
            case LOAD_UNCACHED -> loadUncached();
            case CALL_TWICE -> {
                mmuOn();
                mark("call");
                asm.blr(Reg.X9);
                turn();
                mark("call_again");
                asm.isb().blr(Reg.X9);
                seen(Reg.X0);
            }
            case CLEAN_BY_SET_AND_WAY -> {
                mmuOn();
                store(NEW);
                cleanAndInvalidate();
                loadUncached();
            }
            case STORE_AND_SWITCH_ON -> {
                store(NEW);
                mmuOn();
                load();
            }
            case LOAD_AND_STORE -> {
                load();
                mmuOn();
                store(OLD);
            }
            case STORE -> {
                store(NEW);
                turn();
            }
            case LOAD -> load();
        }
    }

    private void store(long value) {
        mark("store");
        asm.movImm(Reg.X1, value).str(Reg.X1, Reg.X9).dsb(ISH);
    }

    private void loadUncached() {
        asm.movImm(Reg.X9, MEMORY_UNCACHED);
        load();
    }

    private void load() {
        mark("load");
        asm.ldr(Reg.X1, Reg.X9);
        seen(Reg.X1);
    }

    private void seen(Reg value) {
        report(VALUE, value);
        reportTranslation(TRANSLATION, Reg.X9);
    }

    private void turn() {
        mark("wait");
        asm.movImm(Reg.X1, DEVICE).str(Reg.XZR, Reg.X1).dsb(ISH);
    }

    /// All levels up to the point of coherency, in either format of CCSIDR_EL1.
    ///
    /// Source: Arm ARM DDI 0487, C5.3 "DC CISW", D24.2 "CCSIDR_EL1".
    private void cleanAndInvalidate() {
        mark("set_way");
        Reg level = Reg.X2;
        Reg end = Reg.X20;
        asm.mrs(end, SysReg.CLIDR_EL1).lsr(end, end, 24).and(end, end, 7).lsl(end, end, 1);
        asm.movImm(level, 0);
        Label loop = asm.here();
        asm.msr(SysReg.CSSELR_EL1, level).isb();
        cleanLevel(level);
        asm.add(level, level, 2).cmp(level, end).b("cc", loop);
        asm.dsb(ISH).isb();
    }

    private void cleanLevel(Reg level) {
        Reg setStep = Reg.X7;
        Reg wayStep = Reg.X8;
        Reg lastSet = Reg.X6;
        Reg lastWay = Reg.X5;
        readGeometry(lastWay, lastSet, setStep, wayStep);
        asm.movImm(Reg.X10, 0).add(Reg.X11, lastWay, 1);
        Label way = asm.here();
        asm.orr(Reg.X12, Reg.X10, level).add(Reg.X13, lastSet, 1);
        Label set = asm.here();
        asm.cache(CacheOp.DC_CISW, Reg.X12).add(Reg.X12, Reg.X12, setStep);
        asm.sub(Reg.X13, Reg.X13, 1).cbnz(Reg.X13, set);
        asm.add(Reg.X10, Reg.X10, wayStep).sub(Reg.X11, Reg.X11, 1).cbnz(Reg.X11, way);
    }

    private void readGeometry(Reg lastWay, Reg lastSet, Reg setStep, Reg wayStep) {
        Label wide = asm.label();
        Label known = asm.label();
        asm.mrs(Reg.X3, SysReg.CCSIDR_EL1).lsr(lastWay, Reg.X3, 3);
        asm.mrs(Reg.X4, SysReg.ID_AA64MMFR2_EL1).lsr(Reg.X4, Reg.X4, 20).and(Reg.X4, Reg.X4, 0xf);
        asm.cbnz(Reg.X4, wide);
        asm.and(lastWay, lastWay, 0x3ff).lsr(lastSet, Reg.X3, 13).and(lastSet, lastSet, 0x7fff);
        asm.b(known);
        asm.bind(wide).and(lastWay, lastWay, 0x1f_ffff).lsr(lastSet, Reg.X3, 32);
        asm.and(lastSet, lastSet, 0xff_ffff);
        // The set lies above the bytes of a line, the way at the top of 32 bits.
        asm.bind(known).and(Reg.X4, Reg.X3, 7).movImm(setStep, 1 << 4);
        Label doubled = asm.label();
        asm.cbz(Reg.X4, doubled);
        Label twice = asm.here();
        asm.lsl(setStep, setStep, 1).sub(Reg.X4, Reg.X4, 1).cbnz(Reg.X4, twice);
        asm.bind(doubled).movImm(wayStep, 1L << 32).mov(Reg.X4, lastWay);
        Label halved = asm.label();
        Label half = asm.here();
        asm.cbz(Reg.X4, halved).lsr(wayStep, wayStep, 1).lsr(Reg.X4, Reg.X4, 1).b(half);
        asm.bind(halved);
    }
}
