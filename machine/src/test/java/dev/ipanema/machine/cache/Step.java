package dev.ipanema.machine.cache;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.CacheOperation;
import java.util.Locale;

/// One step of a program for the oracle: who does what to which cells, or lines.
///
/// @param cell the first cell, two to a line; of [Kind#FETCH] the cell whose bytes are looked at
/// @param cells how many cells from there on: 1, or 2 that meet where two lines do, or whole lines
/// @param value what is stored
/// @param expected of [Kind#CAS]
/// @param operation of [Kind#MAINTAIN]; unused elsewhere
/// @param path how a processing element comes to memory
record Step(
        Kind kind,
        Who who,
        Via via,
        int cell,
        int cells,
        int value,
        int expected,
        CacheOperation operation,
        Path path) {
    enum Kind {
        LOAD,
        STORE,
        CAS,
        READ,
        WRITE,
        ZERO,
        FETCH,
        MAINTAIN,
        /// What is in the caches and not in memory is lost, everywhere.
        POWER_LOSS
    }

    enum Who {
        PE0(Agent.PE, 0),
        PE1(Agent.PE, 1),
        WALK0(Agent.TABLE_WALK, 0),
        KVM(Agent.KVM, -1),
        HOST_KERNEL(Agent.HOST_KERNEL, -1),
        VMM(Agent.VMM, -1),
        DMA(Agent.DEVICE, -1);

        final Agent agent;
        final int pe;

        Who(Agent agent, int pe) {
            this.agent = agent;
            this.pe = pe;
        }

        boolean isElement() {
            return agent == Agent.PE;
        }
    }

    /// The memory type of the alias; of a device, [#WB] is one that snoops.
    enum Via {
        WB(MemoryAttributes.NORMAL_WB, LineOracle.View.COHERENT),
        WT(MemoryAttributes.NORMAL_WT_RA, LineOracle.View.COHERENT),
        NC(MemoryAttributes.NORMAL_NC, LineOracle.View.MEMORY),
        DEVICE(MemoryAttributes.DEVICE_nGnRE, LineOracle.View.MEMORY);

        final MemoryAttributes type;
        final LineOracle.View view;

        Via(MemoryAttributes type, LineOracle.View view) {
            this.type = type;
            this.view = view;
        }
    }

    /// How a processing element comes to memory; other agents have no choice.
    enum Path {
        /// By a TLB entry if there is one that allows it, else as [#WALK].
        TLB,
        /// By a walk that asks whether a TLB entry may be made, and by that if so.
        WALK,
        /// By a call that makes no TLB entry.
        CALL
    }

    static Step load(Who who, Via via, int cell) {
        return new Step(Kind.LOAD, who, via, cell, 1, 0, 0, CacheOperation.DC_CLEAN_POC, Path.TLB);
    }

    static Step store(Who who, Via via, int cell, int value) {
        return new Step(Kind.STORE, who, via, cell, 1, value, 0, CacheOperation.DC_CLEAN_POC, Path.TLB);
    }

    static Step fetch(Who who, Via via, int cell) {
        return new Step(Kind.FETCH, who, via, cell, 1, 0, 0, CacheOperation.DC_CLEAN_POC, Path.CALL);
    }

    static Step maintain(Who who, CacheOperation operation, int line, int lines) {
        return new Step(
                Kind.MAINTAIN,
                who,
                Via.WB,
                line * LineState.CELLS,
                lines * LineState.CELLS,
                0,
                0,
                operation,
                Path.CALL);
    }

    static Step powerLoss() {
        return new Step(Kind.POWER_LOSS, Who.DMA, Via.NC, 0, Cells.CELLS, 0, 0, CacheOperation.DC_INVAL_POC, Path.CALL);
    }

    /// {@return the line of the first cell}
    int line() {
        return cell / LineState.CELLS;
    }

    /// {@return how many lines the cells lie in}
    int lines() {
        return (cell + cells - 1) / LineState.CELLS - line() + 1;
    }

    /// {@return whether something is read that can be wrong}
    boolean reads() {
        return kind == Kind.LOAD || kind == Kind.CAS || kind == Kind.READ || kind == Kind.FETCH;
    }

    @Override
    public String toString() {
        if (kind == Kind.POWER_LOSS) {
            return "power loss";
        }
        String what = kind == Kind.MAINTAIN ? operation.toString() : kind.toString();
        String where = kind == Kind.MAINTAIN || kind == Kind.READ || kind == Kind.WRITE || kind == Kind.ZERO
                ? " lines " + line() + "+" + lines()
                : " cell " + cell + (cells > 1 ? "," + (cell + 1) : "");
        return who + " " + what.toLowerCase(Locale.ROOT) + (kind == Kind.MAINTAIN ? "" : " " + via) + where
                + (kind == Kind.CAS ? " if " + expected : "")
                + (kind == Kind.STORE || kind == Kind.WRITE || kind == Kind.CAS ? " := " + value : "")
                + (who.isElement() && kind != Kind.MAINTAIN
                        ? " by " + path.toString().toLowerCase(Locale.ROOT)
                        : "");
    }
}
