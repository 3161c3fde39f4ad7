package dev.ipanema.arm.cpu;

import dev.ipanema.arm.register.Ctr;
import dev.ipanema.arm.register.PmcrEl0;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.text.BadInput;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// A processor model: its name and the values of its identification registers. Immutable; the `with…` methods return a
/// changed copy, in which all registers agree.
///
/// Two sets of values exist. [#id(SysReg)] is the hardware, which a hypervisor reads at EL2. [#guestId(SysReg)] is what
/// may be shown to a guest: the same, lowered to what guests can use here (see [GuestFeatures]); a hypervisor that
/// traps
/// ID registers shows at most this.
public final class CpuModel {
    private static final int[] PA_RANGE_BITS = {32, 36, 40, 42, 44, 48, 52, 56};

    private final String name;
    private final long[] ids;
    private final long[] guestIds;
    private final CacheGeometry caches;

    CpuModel(String name, Map<SysReg, Long> ids, CacheGeometry caches) {
        this(name, toArray(ids), caches);
    }

    private CpuModel(String name, long[] ids, CacheGeometry caches) {
        this.name = name;
        this.ids = ids;
        this.caches = caches;
        this.guestIds = GuestFeatures.sanitise(ids);
    }

    private static long[] toArray(Map<SysReg, Long> ids) {
        long[] array = new long[SysReg.COUNT];
        ids.forEach((reg, value) -> array[reg.index()] = value);
        return array;
    }

    /// {@return the names that [#parse(String)] accepts before features, sorted}
    public static List<String> names() {
        return CpuModels.names();
    }

    /// Reads a model with features, as in `cortex-a76+dic-lse2`. Every combination of FWB, DIC and IDC can be had,
    /// but for FWB without IDC: FEAT_S2FWB requires a `CLIDR_EL1` by which data is coherent with instructions.
    ///
    /// @throws BadInput for an unknown model or feature, with the list of those known
    public static CpuModel parse(String text) {
        String lower = text.strip().toLowerCase(Locale.ROOT);
        String base = longestModelPrefix(lower);
        if (base.isEmpty()) {
            throw new BadInput("CPU model '" + text + "' is unknown; models: " + String.join(", ", names()));
        }
        CpuModel model = CpuModels.of(base);
        String rest = lower.substring(base.length());
        while (!rest.isEmpty()) {
            int end = nextSign(rest, 1);
            model = model.apply(text, rest.charAt(0) == '+', rest.substring(1, end));
            rest = rest.substring(end);
        }
        return model;
    }

    private static String longestModelPrefix(String text) {
        String best = "";
        for (String candidate : names()) {
            boolean ends = text.length() == candidate.length()
                    || (text.length() > candidate.length() && "+-".indexOf(text.charAt(candidate.length())) >= 0);
            if (ends && text.startsWith(candidate) && candidate.length() > best.length()) {
                best = candidate;
            }
        }
        return best;
    }

    private static int nextSign(String text, int from) {
        int at = from;
        while (at < text.length() && "+-".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        return at;
    }

    private CpuModel apply(String text, boolean on, String featureName) {
        CpuFeature feature = CpuFeature.ofOptionName(featureName);
        if (feature == null) {
            throw new BadInput("CPU feature '" + featureName + "' in '" + text + "' is unknown; features: "
                    + Arrays.stream(CpuFeature.values())
                            .map(CpuFeature::optionName)
                            .collect(Collectors.joining(", ")));
        }
        // Many models have a CLIDR_EL1 that makes them coherent without CTR_EL0.IDC.
        boolean hidden = feature == CpuFeature.IDC && !on && effectiveCtrEl0() != ctrEl0();
        return hidden ? changed(feature, on) : with(feature, on);
    }

    /// {@return the name with which [#parse(String)] yields this model, but for overrides of address size}
    public String name() {
        return name;
    }

    /// {@return the hardware value of an identification register; 0 for one that the model leaves zero}
    ///
    /// @param reg an identification register (`ID_*`, `MVFR*`, `MIDR_EL1`, `REVIDR_EL1`, `CTR_EL0`, `CLIDR_EL1`,
    ///     `DCZID_EL0`, …) or `PMCR_EL0`, of which N says how many counters there are; others yield 0
    public long id(SysReg reg) {
        return ids[reg.index()];
    }

    /// {@return the value of an identification register that a guest may see}
    public long guestId(SysReg reg) {
        return guestIds[reg.index()];
    }

    /// {@return `CTR_EL0`}
    public long ctrEl0() {
        return id(SysReg.CTR_EL0);
    }

    /// {@return `CTR_EL0` with what `CLIDR_EL1` says of the point of unification: see [Ctr#effective]}
    public long effectiveCtrEl0() {
        return Ctr.effective(ctrEl0(), clidrEl1());
    }

    /// {@return `CLIDR_EL1`}
    public long clidrEl1() {
        return id(SysReg.CLIDR_EL1);
    }

    /// {@return `CCSIDR_EL1` for a value of `CSSELR_EL1` (level − 1 in bits 3:1, instruction in bit 0), in the format
    /// that `ID_AA64MMFR2_EL1.CCIDX` names; 0 when the model has no such cache}
    public long ccsidr(int csselr) {
        return caches.ccsidr(csselr, (id(SysReg.ID_AA64MMFR2_EL1) >>> 20 & 0xf) != 0);
    }

    /// {@return how many sets the data or unified cache of a level has}
    ///
    /// @param level 1 and up; beyond the last one, that is meant
    public int cacheSets(int level) {
        return caches.data(level).sets();
    }

    /// {@return how many ways the data or unified cache of a level has}
    ///
    /// @param level as [#cacheSets]
    public int cacheWays(int level) {
        return caches.data(level).ways();
    }

    /// {@return log2 of the bytes in a line of the data or unified cache of a level}
    ///
    /// @param level as [#cacheSets]
    public int cacheLineShift(int level) {
        return Integer.numberOfTrailingZeros(caches.data(level).lineBytes());
    }

    /// {@return the size of a physical address in bits, from `ID_AA64MMFR0_EL1.PARange`}
    public int paRangeBits() {
        return PA_RANGE_BITS[(int) Math.min(id(SysReg.ID_AA64MMFR0_EL1) & 0xf, PA_RANGE_BITS.length - 1)];
    }

    /// {@return how many breakpoints there are, from `ID_AA64DFR0_EL1.BRPs`}
    public int breakpoints() {
        return (int) (id(SysReg.ID_AA64DFR0_EL1) >>> 12 & 0xf) + 1;
    }

    /// {@return how many watchpoints there are, from `ID_AA64DFR0_EL1.WRPs`}
    public int watchpoints() {
        return (int) (id(SysReg.ID_AA64DFR0_EL1) >>> 20 & 0xf) + 1;
    }

    /// {@return how many event counters the performance monitors have beside the cycle counter, from
    /// `PMCR_EL0.N`; 0
    /// without performance monitors}
    public int eventCounters() {
        return has(CpuFeature.PMU) ? PmcrEl0.n(id(SysReg.PMCR_EL0)) : 0;
    }

    /// {@return the number of VMID bits, 8 or 16}
    public int vmidBits() {
        return has(CpuFeature.VMID16) ? 16 : 8;
    }

    /// {@return the level of pointer authentication that the hardware has, with either cipher: the value of
    /// `ID_AA64ISAR1_EL1.APA` or `ID_AA64ISAR2_EL1.APA3`, 0 for none}
    public int pauthLevel() {
        return (int) Math.max(id(SysReg.ID_AA64ISAR1_EL1) >>> 4 & 0xf, id(SysReg.ID_AA64ISAR2_EL1) >>> 12 & 0xf);
    }

    /// {@return whether the hardware has a feature}
    public boolean has(CpuFeature feature) {
        return feature.in(id(feature.register()));
    }

    /// {@return whether a guest may see a feature}
    public boolean guestHas(CpuFeature feature) {
        return feature.in(guestId(feature.register()));
    }

    /// {@return this model with a feature switched on or off; this model itself when nothing changes}
    public CpuModel with(CpuFeature feature, boolean on) {
        return has(feature) == on ? this : changed(feature, on);
    }

    private CpuModel changed(CpuFeature feature, boolean on) {
        long[] changed = ids.clone();
        feature.set(changed, on);
        return new CpuModel(name + (on ? '+' : '-') + feature.optionName(), changed, caches);
    }

    /// {@return this model with another physical address size}
    ///
    /// @throws BadInput when the architecture has no such size
    public CpuModel withPaBits(int paBits) {
        int encoding = Arrays.binarySearch(PA_RANGE_BITS, paBits);
        if (encoding < 0) {
            throw new BadInput("Physical address size " + paBits + " is none of " + Arrays.toString(PA_RANGE_BITS));
        }
        if (paBits == paRangeBits()) {
            return this;
        }
        long[] changed = ids.clone();
        int mmfr0 = SysReg.ID_AA64MMFR0_EL1.index();
        changed[mmfr0] = (changed[mmfr0] & ~0xfL) | encoding;
        return new CpuModel(name, changed, caches);
    }

    @Override
    public String toString() {
        return name;
    }
}
