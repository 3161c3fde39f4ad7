package dev.ipanema.machine.cache;

/// The oracle of machines with and without `CTR_EL0.IDC`, each made once. For one thread.
final class Oracles {
    private final LineOracle withIdc = new LineOracle(true);
    private final LineOracle withoutIdc = new LineOracle(false);

    LineOracle of(boolean idc) {
        return idc ? withIdc : withoutIdc;
    }
}
