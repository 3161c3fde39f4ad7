package dev.ipanema.differential;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.register.SysReg;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/// Makes the Linux program that runs a batch of sequences: for each it loads the record, jumps to the slot, and stores
/// the record again, also when a signal ended the sequence; at last it writes all records to file descriptor 1.
///
/// X0 goes through TPIDR_EL0 while the tail of a slot needs it. System calls and the frame of a signal are those of
/// `arch/arm64/include/uapi/asm/sigcontext.h` and `include/uapi/asm-generic/unistd.h`.
final class GuestProgram {
    private static final int SYS_WRITE = 64;
    private static final int SYS_EXIT = 93;
    private static final int SYS_SIGALTSTACK = 132;
    private static final int SYS_RT_SIGACTION = 134;
    private static final int[] SIGNALS = {4, 5, 7, 8, 11};
    private static final long SA_SIGINFO_ONSTACK_NODEFER = 0x4800_0004L;
    private static final long UCONTEXT_PC = 440;
    private static final int STACK_BYTES = 0x4000;

    private final Assembler asm = new Assembler(Layout.TEXT);
    private final List<Sequence> sequences;

    private GuestProgram(List<Sequence> sequences) {
        this.sequences = sequences;
    }

    /// {@return the executable file for these sequences}
    static byte[] of(List<Sequence> sequences) {
        return new GuestProgram(sequences).make();
    }

    private byte[] make() {
        long recordsEnd = Layout.record(sequences.size());
        long globals = (recordsEnd + 15) & -16;
        Label save = asm.label("save");
        Label load = asm.label("load");
        long entry = start(globals, load);
        load(load, globals);
        save(save, load, recordsEnd);
        long saveAddress = asm.address(save);
        ByteBuffer records = ByteBuffer.allocate((int) (globals - Layout.RECORDS) + 64 + STACK_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer slots =
                ByteBuffer.allocate(Layout.SLOT_BYTES * sequences.size()).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < sequences.size(); i++) {
            Sequence sequence = sequences.get(i);
            long entryOfSlot = Layout.start(i, sequence.words().length) - 8;
            sequence.startIn(i).write(records, Layout.RECORD_BYTES * i, entryOfSlot, Layout.tail(i));
            slots.put(Layout.SLOT_BYTES * i, slot(i, sequence, saveAddress).array());
        }
        return new ElfFile()
                .segment(Layout.TEXT, asm.bytes(), ElfFile.READ_EXECUTE)
                .segment(Layout.SLOTS, slots.array(), ElfFile.READ_EXECUTE)
                .segment(Layout.WINDOW_PAGES, new byte[2 * 4096], ElfFile.READ_WRITE)
                .segment(Layout.RECORDS, records.array(), ElfFile.READ_WRITE)
                .bytes(entry);
    }

    private static ByteBuffer slot(int index, Sequence sequence, long save) {
        ByteBuffer slot = sequence.slot();
        int start = Layout.TAIL_WORD - sequence.words().length;
        put(slot, 4 * (start - 2), new Assembler(0).ldr(Reg.X30, Reg.X0, 8 * 30).ldr(Reg.X0, Reg.X0));
        Assembler tail = new Assembler(Layout.tail(index)).msr(SysReg.TPIDR_EL0, Reg.X0);
        tail.emit("LDR_X_LIT", Reg.X0, Layout.slot(index) + Layout.RECORD_POINTER - tail.pc());
        tail.emit("B", save - tail.pc());
        put(slot, 4 * Layout.TAIL_WORD, tail);
        slot.putLong(Layout.RECORD_POINTER, Layout.record(index));
        return slot;
    }

    private static void put(ByteBuffer slot, int at, Assembler code) {
        slot.put(at, code.bytes());
    }

    /// Installs the signal handler, then loads the first record. `globals`: the current record, a `sigaction`, a
    /// `stack_t`, and the stack.
    private long start(long globals, Label load) {
        Label handler = asm.label("handler");
        Label begin = asm.label("begin");
        asm.b(begin);
        asm.bind(handler);
        asm.movImm(Reg.X3, globals).ldr(Reg.X3, Reg.X3);
        asm.str(Reg.X0, Reg.X3, Layout.SIGNAL);
        asm.ldr(Reg.X4, Reg.X2, UCONTEXT_PC).str(Reg.X4, Reg.X3, Layout.PC);
        asm.ldr(Reg.X4, Reg.X3, Layout.TAIL).str(Reg.X4, Reg.X2, UCONTEXT_PC);
        asm.ret();
        asm.bind(begin);
        asm.movImm(Reg.X19, globals);
        asm.adr(Reg.X1, handler).str(Reg.X1, Reg.X19, 8);
        asm.movImm(Reg.X1, SA_SIGINFO_ONSTACK_NODEFER).str(Reg.X1, Reg.X19, 16);
        asm.add(Reg.X1, Reg.X19, 64).str(Reg.X1, Reg.X19, 40);
        asm.movImm(Reg.X1, STACK_BYTES).str(Reg.X1, Reg.X19, 56);
        asm.add(Reg.X0, Reg.X19, 40).movImm(Reg.X1, 0).movImm(Reg.X8, SYS_SIGALTSTACK);
        asm.svc(0);
        for (int signal : SIGNALS) {
            asm.movImm(Reg.X0, signal).add(Reg.X1, Reg.X19, 8).movImm(Reg.X2, 0);
            asm.movImm(Reg.X3, 8).movImm(Reg.X8, SYS_RT_SIGACTION);
            asm.svc(0);
        }
        asm.movImm(Reg.X0, Layout.RECORDS);
        asm.b(load);
        return asm.address(begin);
    }

    /// X0 is the record.
    private void load(Label load, long globals) {
        asm.bind(load);
        asm.movImm(Reg.X1, globals).str(Reg.X0, Reg.X1);
        asm.movImm(Reg.X1, Layout.WINDOW).add(Reg.X2, Reg.X0, Layout.WINDOW_COPY);
        for (int at = 0; at < Layout.WINDOW_BYTES; at += 32) {
            asm.emit("LDP_Q_IMM", Reg.q(0), Reg.q(1), Reg.X2, at);
            asm.emit("STP_Q_IMM", Reg.q(0), Reg.q(1), Reg.X1, at);
        }
        for (int n = 0; n < 32; n += 2) {
            asm.emit("LDP_Q_IMM", Reg.q(n), Reg.q(n + 1), Reg.X0, Layout.V + 16 * n);
        }
        asm.ldr(Reg.X1, Reg.X0, Layout.FPCR).msr(SysReg.FPCR, Reg.X1);
        asm.ldr(Reg.X1, Reg.X0, Layout.FPSR).msr(SysReg.FPSR, Reg.X1);
        asm.ldr(Reg.X1, Reg.X0, Layout.NZCV).msr(SysReg.NZCV, Reg.X1);
        asm.ldr(Reg.X1, Reg.X0, Layout.SP).mov(Reg.SP, Reg.X1);
        asm.emit("CLREX", 15);
        for (int n = 1; n < 30; n++) {
            asm.ldr(Reg.x(n), Reg.X0, 8 * n);
        }
        asm.ldr(Reg.X30, Reg.X0, Layout.ENTRY).br(Reg.X30);
    }

    /// X0 is the record, its own value in TPIDR_EL0.
    private void save(Label save, Label load, long recordsEnd) {
        asm.bind(save);
        for (int n = 1; n < 31; n++) {
            asm.str(Reg.x(n), Reg.X0, 8 * n);
        }
        asm.mrs(Reg.X1, SysReg.TPIDR_EL0).str(Reg.X1, Reg.X0, 0);
        asm.mov(Reg.X1, Reg.SP).str(Reg.X1, Reg.X0, Layout.SP);
        asm.mrs(Reg.X1, SysReg.NZCV).str(Reg.X1, Reg.X0, Layout.NZCV);
        asm.mrs(Reg.X1, SysReg.FPCR).str(Reg.X1, Reg.X0, Layout.FPCR);
        asm.mrs(Reg.X1, SysReg.FPSR).str(Reg.X1, Reg.X0, Layout.FPSR);
        for (int n = 0; n < 32; n += 2) {
            asm.emit("STP_Q_IMM", Reg.q(n), Reg.q(n + 1), Reg.X0, Layout.V + 16 * n);
        }
        asm.movImm(Reg.X1, Layout.WINDOW).add(Reg.X2, Reg.X0, Layout.WINDOW_COPY);
        for (int at = 0; at < Layout.WINDOW_BYTES; at += 32) {
            asm.emit("LDP_Q_IMM", Reg.q(0), Reg.q(1), Reg.X1, at);
            asm.emit("STP_Q_IMM", Reg.q(0), Reg.q(1), Reg.X2, at);
        }
        asm.add(Reg.X0, Reg.X0, Layout.RECORD_BYTES).movImm(Reg.X1, recordsEnd).cmp(Reg.X0, Reg.X1);
        asm.b("NE", load);
        asm.movImm(Reg.X19, Layout.RECORDS).movImm(Reg.X20, recordsEnd - Layout.RECORDS);
        Label more = asm.here();
        asm.movImm(Reg.X0, 1).mov(Reg.X1, Reg.X19).mov(Reg.X2, Reg.X20).movImm(Reg.X8, SYS_WRITE);
        asm.svc(0);
        asm.add(Reg.X19, Reg.X19, Reg.X0).subs(Reg.X20, Reg.X20, Reg.X0);
        asm.b("NE", more);
        asm.movImm(Reg.X0, 0).movImm(Reg.X8, SYS_EXIT);
        asm.svc(0);
    }
}
