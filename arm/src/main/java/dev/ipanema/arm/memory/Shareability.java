package dev.ipanema.arm.memory;

/// The shareability domain of a location, by its SH field encoding in descriptors, TCR_ELx and VTCR_EL2.
///
/// The encoding 0b01 is reserved; where a domain is needed it acts as [#NSH] here, one of the choices that
/// the architecture leaves open (CONSTRAINED UNPREDICTABLE: any of the three).
public enum Shareability {
    /// Non-shareable, 0b00.
    NSH,
    /// Reserved, 0b01.
    RESERVED,
    /// Outer Shareable, 0b10.
    OSH,
    /// Inner Shareable, 0b11.
    ISH;

    private static final Shareability[] OF_BITS = values();

    /// {@return the SH field value, 0 to 3}
    public int bits() {
        return ordinal();
    }

    /// {@return the domain that the low two bits of `sh` encode}
    public static Shareability ofBits(int sh) {
        return OF_BITS[sh & 0b11];
    }

    /// {@return the domain that this encoding acts as: itself, or [#NSH] for [#RESERVED]}
    public Shareability resolved() {
        return this == RESERVED ? NSH : this;
    }

    /// The wider of two domains, which is what a location has when stage 1 says one and stage 2 the other
    /// (ASL `S2CombineS1Shareability`): OSH if either is OSH, else ISH if either is ISH, else NSH.
    ///
    /// @return OSH, ISH or NSH, never [#RESERVED]
    public Shareability combine(Shareability other) {
        if (this == OSH || other == OSH) {
            return OSH;
        }
        return this == ISH || other == ISH ? ISH : NSH;
    }
}
