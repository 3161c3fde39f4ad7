package dev.ipanema.vmm.unittest;

import dev.ipanema.base.text.BadInput;

/// The number in `smp = …`: decimal, `$MAX_SMP`, or the shell's `$((…))` with `+ - * / < > <= >= == != ?:` and
/// parentheses,
/// as kvm-unit-tests' files use it.
final class SmpExpression {
    private static final int MAX_DEPTH = 32;

    private final String text;
    private final String whole;
    private int at;
    private int depth;

    private SmpExpression(String text, String whole) {
        this.text = text;
        this.whole = whole;
    }

    /// {@return its value}
    ///
    /// @param maxSmp what `$MAX_SMP` is
    /// @throws BadInput when it is none
    static int evaluate(String expression, int maxSmp) {
        String text = expression
                .strip()
                .replaceAll("\\$\\{?MAX_SMP}?", Integer.toString(maxSmp))
                .replace("$((", "((");
        SmpExpression parser = new SmpExpression(text, expression);
        long value = parser.conditional();
        if (parser.peek() != '\0' || value < 1 || value > Integer.MAX_VALUE) {
            throw parser.bad();
        }
        return (int) value;
    }

    private long conditional() {
        long condition = comparison();
        if (!take("?")) {
            return condition;
        }
        long yes = conditional();
        if (!take(":")) {
            throw bad();
        }
        long no = conditional();
        return condition != 0 ? yes : no;
    }

    private long comparison() {
        long left = sum();
        if (take("<=")) {
            return left <= sum() ? 1 : 0;
        }
        if (take(">=")) {
            return left >= sum() ? 1 : 0;
        }
        if (take("==")) {
            return left == sum() ? 1 : 0;
        }
        if (take("!=")) {
            return left != sum() ? 1 : 0;
        }
        if (take("<")) {
            return left < sum() ? 1 : 0;
        }
        return take(">") ? (left > sum() ? 1 : 0) : left;
    }

    private long sum() {
        long value = product();
        while (true) {
            if (take("+")) {
                value += product();
            } else if (take("-")) {
                value -= product();
            } else {
                return value;
            }
        }
    }

    private long product() {
        long value = primary();
        while (true) {
            if (take("*")) {
                value *= primary();
            } else if (take("/")) {
                long divisor = primary();
                if (divisor == 0) {
                    throw bad();
                }
                value /= divisor;
            } else {
                return value;
            }
        }
    }

    private long primary() {
        if (take("(")) {
            if (++depth > MAX_DEPTH) {
                throw bad();
            }
            long value = conditional();
            if (!take(")")) {
                throw bad();
            }
            depth--;
            return value;
        }
        peek();
        int start = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        if (at == start || at - start > 6) {
            throw bad();
        }
        return Long.parseLong(text, start, at, 10);
    }

    /// {@return the next character that is no blank, 0 at the end}
    private char peek() {
        while (at < text.length() && text.charAt(at) == ' ') {
            at++;
        }
        return at < text.length() ? text.charAt(at) : '\0';
    }

    private boolean take(String token) {
        peek();
        if (!text.startsWith(token, at)) {
            return false;
        }
        at += token.length();
        return true;
    }

    private BadInput bad() {
        return new BadInput("smp = " + whole + ": not a number of vCPUs that is understood");
    }
}
