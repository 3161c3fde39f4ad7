package dev.ipanema.vmm.boot;

import dev.ipanema.arm.a64.Disassembler;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.exception.Par;
import dev.ipanema.arm.pauth.AuthenticatedPointer;
import dev.ipanema.arm.register.AtOp;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.devices.bus.LittleEndian;
import dev.ipanema.host.mm.UserFault;
import dev.ipanema.machine.cpu.CpuContext;
import dev.ipanema.machine.mmu.Mmu;

/// A stopped guest's call chain by its frame pointers (Procedure Call Standard for the Arm 64-bit Architecture, the
/// frame pointer), with the exception it took last. Every address comes from the guest: it is translated by the guest's
/// own tables and checked against its RAM before it is read, and what cannot be read ends the chain.
final class Backtrace {
    private static final int MAX_FRAMES = 32;
    private static final int FRAME_POINTER = 29;
    private static final int LINK_REGISTER = 30;
    private static final int PAGE_MASK = 0xfff;

    private final CpuContext cpu;
    private final Mmu mmu;
    private final VirtMemory memory;
    private final GuestSymbols symbols;

    Backtrace(CpuContext cpu, Mmu mmu, VirtMemory memory, GuestSymbols symbols) {
        this.cpu = cpu;
        this.mmu = mmu;
        this.memory = memory;
        this.symbols = symbols;
    }

    /// {@return the last exception, then one frame a line, innermost first}
    String render() {
        StringBuilder text = new StringBuilder();
        text.append("last exception: ")
                .append(Esr.describe(cpu.get(SysReg.ESR_EL1)))
                .append(" FAR_EL1 ")
                .append(Sizes.hex(cpu.get(SysReg.FAR_EL1)))
                .append('\n');
        frame(text, "pc", cpu.pc());
        instruction(text);
        frame(text, "elr", cpu.get(SysReg.ELR_EL1));
        frame(text, "lr", cpu.x(LINK_REGISTER));
        long frame = cpu.x(FRAME_POINTER);
        for (int i = 0; i < MAX_FRAMES; i++) {
            byte[] record = new byte[2 * Long.BYTES];
            if (!read(frame, record)) {
                break;
            }
            long next = LittleEndian.get64(record, 0);
            frame(text, "#" + i, LittleEndian.get64(record, Long.BYTES));
            // Frames lie at ascending addresses; anything else is a loop or no frame.
            if (Long.compareUnsigned(next, frame) <= 0) {
                break;
            }
            frame = next;
        }
        return text.toString();
    }

    /// What the guest was about to execute: it tells more of an abort than its address when there are no symbols.
    private void instruction(StringBuilder text) {
        byte[] bytes = new byte[Integer.BYTES];
        if (read(cpu.pc(), bytes)) {
            int insn = LittleEndian.get32(bytes, 0);
            text.setLength(text.length() - 1);
            text.append(": ").append(Disassembler.disassemble(insn, cpu.pc())).append('\n');
        }
    }

    /// A return address may be signed (FEAT_PAuth).
    private void frame(StringBuilder text, String label, long pointer) {
        long address = AuthenticatedPointer.strip(pointer, cpu.get(SysReg.TCR_EL1), false, cpu.model());
        text.append("  ").append(label).append(' ').append(Sizes.hex(address));
        symbols.describe(cpu, address).ifPresent(name -> text.append(' ').append(name));
        text.append('\n');
    }

    /// Reads what the guest has at an address.
    ///
    /// @return whether it is memory that answers: a device's may not
    private boolean read(long va, byte[] to) {
        long hva = hva(va, to.length);
        return hva >= 0 && memory.userMemory().observe(hva, to, 0, to.length) == UserFault.NONE;
    }

    /// {@return where the VMM has mapped what the guest has at an address, negative when that is not aligned or no RAM}
    private long hva(long va, int length) {
        int alignment = Math.min(length, Long.BYTES);
        long par = (va & alignment - 1) == 0 ? mmu.parOf(AtOp.S1E1R, va) : Par.F;
        return Par.isFault(par) ? -1 : memory.hva(Par.pa(par) | (va & PAGE_MASK), length);
    }
}
