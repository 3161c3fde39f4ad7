package dev.ipanema.vmm.device;

import dev.ipanema.base.text.BadInput;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A structured option as kvmtool and QEMU have them: `kind,key=value,flag`. Whoever reads it takes each key once;
/// what is left over is unknown.
public final class KeyValues {
    private final String what;
    private final String kind;
    private final Map<String, String> values = new LinkedHashMap<>();

    /// @param what names the option in messages, for example `--device`
    ///
    /// @throws BadInput when a key is empty or given twice
    public KeyValues(String what, String text) {
        this.what = what;
        String[] parts = text.split(",", -1);
        kind = parts[0];
        for (int i = 1; i < parts.length; i++) {
            int equals = parts[i].indexOf('=');
            String key = equals < 0 ? parts[i] : parts[i].substring(0, equals);
            if (key.isEmpty() || values.putIfAbsent(key, equals < 0 ? "" : parts[i].substring(equals + 1)) != null) {
                throw new BadInput(what + " " + text + ": '" + parts[i] + "' is empty or given twice");
            }
        }
    }

    /// {@return the word in front of the keys}
    public String kind() {
        return kind;
    }

    /// {@return a value, null when the key is not there}
    public @Nullable String take(String key) {
        String value = values.remove(key);
        if (value != null && value.isEmpty()) {
            throw new BadInput(what + " " + kind + ": '" + key + "' needs a value");
        }
        return value;
    }

    /// {@return a value, or `otherwise` when the key is not there}
    public String take(String key, String otherwise) {
        String value = take(key);
        return value == null ? otherwise : value;
    }

    /// {@return a value that has to be there}
    ///
    /// @throws BadInput when it is not
    public String require(String key) {
        String value = take(key);
        if (value == null) {
            throw new BadInput(what + " " + kind + ": '" + key + "=…' is missing");
        }
        return value;
    }

    /// {@return whether a key without a value is there}
    public boolean flag(String key) {
        String value = values.remove(key);
        if (value != null && !value.isEmpty()) {
            throw new BadInput(what + " " + kind + ": '" + key + "' takes no value");
        }
        return value != null;
    }

    /// {@return whether a key is there without a value}
    public boolean isFlag(String key) {
        return "".equals(values.get(key));
    }

    /// Ends the reading.
    ///
    /// @throws BadInput when a key is left that nobody has taken
    public void end(String known) {
        Set<String> left = values.keySet();
        if (!left.isEmpty()) {
            throw new BadInput(what + " " + kind + ": '" + left.iterator().next() + "' is unknown; there is " + known);
        }
    }
}
