/// Benchmarks of modelled caches.
package dev.ipanema.bench.cache;
