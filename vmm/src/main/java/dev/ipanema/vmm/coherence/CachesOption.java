package dev.ipanema.vmm.coherence;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.cache.CachePolicy;
import dev.ipanema.machine.cache.Tracked;
import dev.ipanema.vmm.device.KeyValues;
import java.util.Locale;
import java.util.Optional;

/// Whether and how caches are modelled, as the option `--caches` spells it:
/// `off`, or `modelled[,policy=eager|lazy|random:SEED|adversarial][,track=all|ram|device]`.
public final class CachesOption {
    private static final String WHAT = "--caches";
    private static final String OFF = "off";
    private static final String MODELLED = "modelled";
    private static final String POLICIES = "eager, lazy, random:SEED and adversarial";

    private CachesOption() {}

    /// Reads the option.
    ///
    /// @return how caches are modelled, not [CacheOptions#precise]; empty for not at all
    /// @throws BadInput when it is malformed
    public static Optional<CacheOptions> parse(String text) {
        KeyValues values = new KeyValues(WHAT, text);
        switch (values.kind()) {
            case OFF -> {
                values.end("nothing more when caches are off");
                return Optional.empty();
            }
            case MODELLED -> {
                // Read below.
            }
            default -> throw new BadInput(WHAT + ": '" + values.kind() + "' is unknown; there are off and modelled");
        }
        CacheOptions options = CacheOptions.DEFAULT;
        String policy = values.take("policy");
        if (policy != null) {
            options = withPolicy(options, policy);
        }
        Tracked tracked = tracked(values.take("track", word(Tracked.ALL)));
        values.end("policy and track");
        return Optional.of(new CacheOptions(options.policy(), options.seed(), tracked, options.precise()));
    }

    private static CacheOptions withPolicy(CacheOptions options, String text) {
        int colon = text.indexOf(':');
        String name = colon < 0 ? text : text.substring(0, colon);
        for (CachePolicy policy : CachePolicy.values()) {
            if (word(policy).equals(name)) {
                boolean seeded = policy == CachePolicy.RANDOM;
                if (seeded != (colon >= 0)) {
                    throw new BadInput(WHAT + ": policy '" + text + "': "
                            + (seeded ? "a seed is needed, as in random:1" : "only random has a seed"));
                }
                long seed = seeded ? Sizes.parseNumber(WHAT + ": policy " + text, text.substring(colon + 1)) : 0;
                return options.withPolicy(policy, seed);
            }
        }
        throw new BadInput(WHAT + ": policy '" + text + "' is unknown; there are " + POLICIES);
    }

    private static Tracked tracked(String text) {
        for (Tracked tracked : Tracked.values()) {
            if (word(tracked).equals(text)) {
                return tracked;
            }
        }
        throw new BadInput(WHAT + ": track '" + text + "' is unknown; there are all, ram and device");
    }

    /// {@return a policy as the option spells it, with its seed where it has one}
    public static String policy(CacheOptions options) {
        String name = word(options.policy());
        return options.policy() == CachePolicy.RANDOM ? name + ":" + options.seed() : name;
    }

    /// {@return a constant as options and reports spell it: in lower case}
    public static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
