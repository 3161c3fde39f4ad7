package dev.ipanema.images.debian;

/// A version of a Debian package, ordered as Debian Policy 5.6.12 says: epoch, then upstream version, then revision, in
/// each of which non-digits and digits alternate, `~` comes before everything, even the end, and letters before the
/// rest.
///
/// @param text as written: `1:6.12.117-1~bpo13+1`
public record DebianVersion(String text) implements Comparable<DebianVersion> {
    @Override
    public int compareTo(DebianVersion other) {
        int byEpoch = compareNumbers(epoch(), other.epoch());
        if (byEpoch != 0) {
            return byEpoch;
        }
        int byUpstream = comparePart(upstream(), other.upstream());
        return byUpstream != 0 ? byUpstream : comparePart(revision(), other.revision());
    }

    private String epoch() {
        int colon = text.indexOf(':');
        return colon < 0 ? "" : text.substring(0, colon);
    }

    private String withoutEpoch() {
        return text.substring(text.indexOf(':') + 1);
    }

    private String upstream() {
        String rest = withoutEpoch();
        int dash = rest.lastIndexOf('-');
        return dash < 0 ? rest : rest.substring(0, dash);
    }

    private String revision() {
        String rest = withoutEpoch();
        int dash = rest.lastIndexOf('-');
        return dash < 0 ? "" : rest.substring(dash + 1);
    }

    private static int comparePart(String left, String right) {
        int l = 0;
        int r = 0;
        while (l < left.length() || r < right.length()) {
            while (isOther(left, l) || isOther(right, r)) {
                int difference = Integer.compare(weight(left, l), weight(right, r));
                if (difference != 0) {
                    return difference;
                }
                l++;
                r++;
            }
            int leftEnd = digitsEnd(left, l);
            int rightEnd = digitsEnd(right, r);
            int difference = compareNumbers(left.substring(l, leftEnd), right.substring(r, rightEnd));
            if (difference != 0) {
                return difference;
            }
            l = leftEnd;
            r = rightEnd;
        }
        return 0;
    }

    /// Numbers of any length.
    private static int compareNumbers(String left, String right) {
        String l = left.replaceFirst("^0+", "");
        String r = right.replaceFirst("^0+", "");
        return l.length() != r.length() ? Integer.compare(l.length(), r.length()) : l.compareTo(r);
    }

    private static int weight(String text, int at) {
        if (at >= text.length() || isDigit(text, at)) {
            return 0;
        }
        char c = text.charAt(at);
        if (c == '~') {
            return -1;
        }
        boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return letter ? c : c + 256;
    }

    private static boolean isDigit(String text, int at) {
        return at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9';
    }

    private static boolean isOther(String text, int at) {
        return at < text.length() && !isDigit(text, at);
    }

    private static int digitsEnd(String text, int from) {
        int end = from;
        while (isDigit(text, end)) {
            end++;
        }
        return end;
    }

    @Override
    public String toString() {
        return text;
    }
}
