/// The commands of `./ipanema`: reading options, asking the floors below, printing. What a command finds out is
/// computed below this floor; nothing here knows a rule of KVM or of the architecture.
package dev.ipanema.cli;
