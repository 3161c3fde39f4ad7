/// What a VMM has to say about modelled caches: the options that ask for them, and the monitor's findings with the
/// names
/// of a guest's symbols, gathered for a report. No cache lives here, and nothing that prints.
package dev.ipanema.vmm.coherence;
