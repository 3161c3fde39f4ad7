/// Processing elements: the state of a virtual processor, the interpreter that runs it at EL1 and EL0, its exceptions
/// and
/// its traps to EL2. EL2 itself is outside: no hypervisor's policy lives here.
package dev.ipanema.machine.cpu;
