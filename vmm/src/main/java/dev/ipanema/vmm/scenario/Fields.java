package dev.ipanema.vmm.scenario;

import dev.ipanema.base.text.BadInput;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// One JSON object of a scenario while it is read. Each field that is asked for is remembered; [#finish()] names the
/// others as unsupported, so that no field is passed over. A field of the wrong type is bad input.
final class Fields {
    private final JsonNode object;
    private final String place;
    private final List<String> unsupported;
    private final Set<String> known = new HashSet<>();

    /// @param place where the object stands, for messages, for example `cases.jsonl:7: steps[2]`
    /// @param unsupported gets what is not known
    Fields(JsonNode object, String place, List<String> unsupported) {
        if (!object.isObject()) {
            throw new BadInput(place + " is not an object");
        }
        this.object = object;
        this.place = place;
        this.unsupported = unsupported;
    }

    /// Names every field that nobody asked for.
    void finish() {
        for (String name : object.propertyNames()) {
            if (!known.contains(name)) {
                unsupported.add(local() + " has the unknown field '" + name + "'");
            }
        }
    }

    /// Names a value that this version does not know.
    void unsupportedValue(String name, String value) {
        unsupported.add(local() + "." + name + " has the unknown value '" + value + "'");
    }

    /// The place without the file: `steps[2]`.
    private String local() {
        int colon = place.lastIndexOf(": ");
        return colon < 0 ? place : place.substring(colon + 2);
    }

    private @Nullable JsonNode find(String name) {
        known.add(name);
        JsonNode value = object.get(name);
        return value == null || value.isNull() ? null : value;
    }

    private JsonNode need(String name) {
        JsonNode value = find(name);
        if (value == null) {
            throw new BadInput(place + " lacks the field '" + name + "'");
        }
        return value;
    }

    boolean has(String name) {
        return find(name) != null;
    }

    String text(String name) {
        return asText(name, need(name));
    }

    @Nullable
    String optionalText(String name) {
        JsonNode value = find(name);
        return value == null ? null : asText(name, value);
    }

    List<String> texts(String name) {
        List<String> texts = new ArrayList<>();
        for (JsonNode element : array(name)) {
            texts.add(asText(name, element));
        }
        return texts;
    }

    List<Long> numbers(String name) {
        List<Long> numbers = new ArrayList<>();
        for (JsonNode element : array(name)) {
            numbers.add(asNumber(name, element));
        }
        return numbers;
    }

    long number(String name) {
        return asNumber(name, need(name));
    }

    OptionalLong optionalNumber(String name) {
        JsonNode value = find(name);
        return value == null ? OptionalLong.empty() : OptionalLong.of(asNumber(name, value));
    }

    int integer(String name) {
        return asInteger(name, need(name));
    }

    OptionalInt optionalInteger(String name) {
        JsonNode value = find(name);
        return value == null ? OptionalInt.empty() : OptionalInt.of(asInteger(name, value));
    }

    /// {@return a 0 or 1}
    boolean bit(String name) {
        int value = asInteger(name, need(name));
        if (value != 0 && value != 1) {
            throw new BadInput(place + "." + name + " is " + value + ", not 0 or 1");
        }
        return value == 1;
    }

    /// {@return the object in a field}
    Fields object(String name) {
        return new Fields(need(name), place + "." + name, unsupported);
    }

    @Nullable
    Fields optionalObject(String name) {
        JsonNode value = find(name);
        return value == null ? null : new Fields(value, place + "." + name, unsupported);
    }

    /// {@return the objects in an array}
    List<Fields> objects(String name) {
        List<Fields> objects = new ArrayList<>();
        for (JsonNode element : array(name)) {
            objects.add(new Fields(element, place + "." + name + "[" + objects.size() + "]", unsupported));
        }
        return objects;
    }

    /// {@return the constant that the format spells like the field's value; null, and named as unsupported, when
    /// there is none}
    <E extends Enum<E> & MappingKind.Word> @Nullable E word(String name, Class<E> type) {
        return word(name, text(name), type);
    }

    /// {@return the constant for one spelling, see [#word(String, Class)]}
    <E extends Enum<E> & MappingKind.Word> @Nullable E word(String name, String text, Class<E> type) {
        for (E constant : type.getEnumConstants()) {
            if (constant.word().equals(text)) {
                return constant;
            }
        }
        unsupportedValue(name, text);
        return null;
    }

    String place() {
        return place;
    }

    private JsonNode array(String name) {
        JsonNode value = need(name);
        if (!value.isArray()) {
            throw new BadInput(place + "." + name + " is not an array");
        }
        return value;
    }

    private String asText(String name, JsonNode value) {
        if (!value.isString()) {
            throw new BadInput(place + "." + name + " is not a string");
        }
        return value.stringValue();
    }

    private int asInteger(String name, JsonNode value) {
        long number = asNumber(name, value);
        if (number != (int) number) {
            throw new BadInput(place + "." + name + " is out of range");
        }
        return (int) number;
    }

    /// A number, or a string that holds a `0x` number: 64 bits do not fit into the numbers of every JSON writer.
    private long asNumber(String name, JsonNode value) {
        if (value.isIntegralNumber() && value.canConvertToLong()) {
            return value.longValue();
        }
        if (value.isString()) {
            String text = value.stringValue();
            try {
                if (text.startsWith("0x")) {
                    return Long.parseUnsignedLong(text, 2, text.length(), 16);
                }
            } catch (NumberFormatException e) {
                throw new BadInput(place + "." + name + ": '" + text + "' is not a 64-bit number");
            }
        }
        throw new BadInput(place + "." + name + " is not a number");
    }
}
