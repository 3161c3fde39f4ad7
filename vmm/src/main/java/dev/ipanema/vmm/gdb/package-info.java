/// The GDB remote serial protocol over a stopped or running machine: framing, registers, breakpoints, commands. What
/// the machine is and how it is stopped lies behind [dev.ipanema.vmm.gdb.DebugTarget].
package dev.ipanema.vmm.gdb;
