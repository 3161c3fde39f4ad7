/// What stands between a guest's serial port and the person or script in front of it: expected output with its
/// answers, escape keys of a terminal. No file descriptor, no terminal and no device lives here.
package dev.ipanema.vmm.console;
