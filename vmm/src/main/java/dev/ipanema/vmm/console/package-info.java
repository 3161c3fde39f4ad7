/// What stands between a guest and the person or script in front of it: expected output with its answers, escape keys
/// of a terminal, one command in place of a shell. No file descriptor, no terminal and no register model lives here.
package dev.ipanema.vmm.console;
