package dev.ipanema.machine.memory;

/// A cache maintenance operation, by what it does (Arm ARM DDI 0487, D7.5).
public enum CacheOperation {
    /// DC IVAC: data invalidated to the point of coherency.
    DC_INVAL_POC,
    /// DC CVAC: data cleaned to the point of coherency.
    DC_CLEAN_POC,
    /// DC CIVAC: data cleaned and invalidated to the point of coherency.
    DC_CLEAN_INVAL_POC,
    /// DC CVAU: data cleaned to the point of unification.
    DC_CLEAN_POU,
    /// IC IVAU: instructions invalidated to the point of unification.
    IC_INVAL_POU,
    /// IC IALLU: all instructions invalidated, of one processing element.
    IC_INVAL_ALL_POU,
    /// IC IALLUIS: all instructions invalidated, of the Inner Shareable domain.
    IC_INVAL_ALL_POU_IS;

    /// {@return whether it is one of data, else one of instructions}
    public boolean isData() {
        return this != IC_INVAL_POU && this != IC_INVAL_ALL_POU && this != IC_INVAL_ALL_POU_IS;
    }
}
