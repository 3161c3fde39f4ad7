/// JMH benchmarks of KVM's stage-2 page tables. The operations are those of `ipanema bench stage2`; what
/// they do lives in `vmm.bench`.
package dev.ipanema.bench.stage2;
