/// Tables of the specification: reading them, and recomputing their outcome columns by the functions that run guests.
/// No rule of the architecture or of KVM stands here; a form only translates words of a table to arguments and back.
package dev.ipanema.vmm.table;
