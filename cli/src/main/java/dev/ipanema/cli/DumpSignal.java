package dev.ipanema.cli;

import java.lang.reflect.Proxy;

/// SIGUSR1 as a request. The JDK's only interface for it is `sun.misc.Signal` of the module `jdk.unsupported`, whose
/// use cannot be compiled without a warning; it is therefore looked up, and a JDK without it has no signal.
final class DumpSignal {
    private static final String NAME = "USR1";

    private DumpSignal() {}

    /// Calls `action` on a thread of its own whenever the process gets SIGUSR1.
    ///
    /// @return whether this JDK can do it
    static boolean install(Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object proxy = Proxy.newProxyInstance(
                    DumpSignal.class.getClassLoader(), new Class<?>[] {handler}, (self, method, arguments) -> {
                        return switch (method.getName()) {
                            case "handle" -> {
                                action.run();
                                yield null;
                            }
                            case "equals" -> System.identityHashCode(self) == System.identityHashCode(arguments[0]);
                            case "hashCode" -> System.identityHashCode(self);
                            default -> "SIGUSR1";
                        };
                    });
            Object usr1 = signal.getConstructor(String.class).newInstance(NAME);
            signal.getMethod("handle", signal, handler).invoke(null, usr1, proxy);
            return true;
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }
}
