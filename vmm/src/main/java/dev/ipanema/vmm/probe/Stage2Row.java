package dev.ipanema.vmm.probe;

import dev.ipanema.vmm.scenario.LeafState;

/// Adjacent stage-2 leaves that are alike.
///
/// @param region whose memory it is, or `code`
/// @param ipa first address
/// @param size bytes
/// @param leaf what each of them is
public record Stage2Row(String region, long ipa, long size, LeafState leaf) {}
