/// Caches, when they are modelled: the states of a page between its coherent view and its memory view,
/// what hardware is free to do with them, and the monitor that finds reads, writes and fetches which
/// lacked maintenance. No translation and no instruction semantics; everything here is below
/// [dev.ipanema.machine.mmu].
package dev.ipanema.machine.cache;
