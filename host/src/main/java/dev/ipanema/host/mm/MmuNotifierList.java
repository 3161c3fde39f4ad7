package dev.ipanema.host.mm;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// The MMU notifiers of an address space, called in the order of registration.
final class MmuNotifierList {
    private final List<MmuNotifier> notifiers = new CopyOnWriteArrayList<>();

    void add(MmuNotifier notifier) {
        notifiers.add(notifier);
    }

    void remove(MmuNotifier notifier) {
        notifiers.remove(notifier);
    }

    void start(long start, long end) {
        for (MmuNotifier notifier : notifiers) {
            notifier.invalidateRangeStart(start, end);
        }
    }

    void end(long start, long end) {
        for (MmuNotifier notifier : notifiers) {
            notifier.invalidateRangeEnd(start, end);
        }
    }

    boolean clearFlushYoung(long start, long end) {
        boolean young = false;
        for (MmuNotifier notifier : notifiers) {
            young |= notifier.clearFlushYoung(start, end);
        }
        return young;
    }

    boolean clearYoung(long start, long end) {
        boolean young = false;
        for (MmuNotifier notifier : notifiers) {
            young |= notifier.clearYoung(start, end);
        }
        return young;
    }

    boolean testYoung(long hva) {
        boolean young = false;
        for (MmuNotifier notifier : notifiers) {
            young |= notifier.testYoung(hva);
        }
        return young;
    }

    void release() {
        for (MmuNotifier notifier : notifiers) {
            notifier.release();
        }
        notifiers.clear();
    }
}
