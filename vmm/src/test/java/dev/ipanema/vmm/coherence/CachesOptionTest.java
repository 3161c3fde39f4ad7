package dev.ipanema.vmm.coherence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.cache.CachePolicy;
import dev.ipanema.machine.cache.Tracked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CachesOptionTest {
    @Test
    void offIsNoOptions() {
        assertThat(CachesOption.parse("off")).isEmpty();
    }

    @Test
    void modelledAloneIsTheDefault() {
        assertThat(CachesOption.parse("modelled")).contains(CacheOptions.DEFAULT);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "modelled,policy=eager | EAGER | 0 | ALL",
                "modelled,policy=lazy,track=ram | LAZY | 0 | RAM",
                "modelled,track=device,policy=adversarial | ADVERSARIAL | 0 | DEVICE",
                "modelled,policy=random:7,track=all | RANDOM | 7 | ALL",
                "modelled,policy=random:0x10 | RANDOM | 16 | ALL",
            })
    void eachValueIsRead(String text, CachePolicy policy, long seed, Tracked tracked) {
        assertThat(CachesOption.parse(text)).contains(new CacheOptions(policy, seed, tracked, false));
    }

    @ParameterizedTest
    @CsvSource({"eager", "lazy", "adversarial", "random:12"})
    void policyIsSpelledAsItIsRead(String policy) {
        CacheOptions options = CachesOption.parse("modelled,policy=" + policy).orElseThrow();

        assertThat(CachesOption.policy(options)).isEqualTo(policy);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "on | 'on' is unknown; there are off and modelled",
                "off,policy=lazy | 'policy' is unknown",
                "modelled,policy=hopeful | there are eager, lazy, random:SEED and adversarial",
                "modelled,policy=random | a seed is needed",
                "modelled,policy=random: | random:",
                "modelled,policy=random:x | random:x",
                "modelled,policy=lazy:1 | only random has a seed",
                "modelled,policy=LAZY | 'LAZY' is unknown",
                "modelled,policy | 'policy' needs a value",
                "modelled,track=gpu | there are all, ram and device",
                "modelled,size=1M | 'size' is unknown; there is policy and track",
                "modelled,,track=all | is empty or given twice",
                "modelled,track=all,track=ram | is empty or given twice",
            })
    void whatIsMalformedIsRefused(String text, String sentence) {
        assertThatThrownBy(() -> CachesOption.parse(text))
                .isInstanceOf(BadInput.class)
                .hasMessageStartingWith("--caches")
                .hasMessageContaining(sentence);
    }
}
