/// What the tests of interleavings share. They stand in the packages of what they test.
package dev.ipanema.concurrency;
