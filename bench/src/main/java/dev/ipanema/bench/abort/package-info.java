/// Benchmarks of abort handling in KVM.
package dev.ipanema.bench.abort;
