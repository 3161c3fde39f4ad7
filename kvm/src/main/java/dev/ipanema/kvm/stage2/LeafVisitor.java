package dev.ipanema.kvm.stage2;

import org.jspecify.annotations.Nullable;

/// Keeps the last leaf of a walk (Linux `leaf_walker`), or hands each to a consumer.
final class LeafVisitor implements Walk.Visitor {
    private final Stage2PageTable.@Nullable LeafConsumer consumer;
    private long descriptor;
    private int level;

    LeafVisitor() {
        this.consumer = null;
    }

    LeafVisitor(Stage2PageTable.LeafConsumer consumer) {
        this.consumer = consumer;
    }

    @Override
    public int visit(Walk walk, int kind) {
        descriptor = walk.old;
        level = walk.level;
        if (consumer != null) {
            consumer.leaf(walk.ipa, walk.old, walk.level);
        }
        return 0;
    }

    long descriptor() {
        return descriptor;
    }

    int level() {
        return level;
    }
}
