package dev.ipanema.machine.memory;

/// Who makes an access to physical memory, for what is told of it: the agent, and of a processing element
/// the instruction and the addresses.
///
/// Every agent but a processing element has one constant of this class. A processing element owns one
/// object for its instructions and one for its table walks, sets the fields before each access that
/// misses its fast path, and looks at [#again] afterwards. Only the thread that runs the element touches
/// them.
public final class Origin {
    /// [#pe] of an agent that is no processing element.
    public static final int NO_PE = -1;

    private static final Origin[] CONSTANTS = new Origin[Agent.values().length];

    static {
        for (Agent agent : Agent.values()) {
            CONSTANTS[agent.ordinal()] = new Origin(agent, NO_PE, false);
        }
    }

    /// Who.
    public final Agent agent;

    /// Number of the processing element, or [#NO_PE].
    public final int pe;

    /// Whether an access may be refused with [#again] set, to be made anew from its translation on.
    public final boolean mayRetry;

    /// Virtual and intermediate physical address of the access.
    public long va;

    public long ipa;

    /// Whether stage 1 translated it: what a guest does before its MMU is on maps nothing.
    public boolean stage1;

    /// The address of the instruction, when [#pcKnown].
    public long pc;

    public boolean pcKnown;

    /// Set when the access was not made: translate and make it anew, after requests of others have been
    /// served.
    public boolean again;

    /// Set with [#again] when the instruction's address is wanted next time.
    public boolean wantsPc;

    /// @param mayRetry see the field
    public Origin(Agent agent, int pe, boolean mayRetry) {
        this.agent = agent;
        this.pe = pe;
        this.mayRetry = mayRetry;
    }

    /// {@return the constant of an agent that is no processing element, or of one about which nothing is
    /// known}
    public static Origin of(Agent agent) {
        return CONSTANTS[agent.ordinal()];
    }
}
