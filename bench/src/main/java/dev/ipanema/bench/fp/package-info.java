/// Benchmarks of floating-point arithmetic: the JVM's way and the exact one. No instruction is executed here.
package dev.ipanema.bench.fp;
