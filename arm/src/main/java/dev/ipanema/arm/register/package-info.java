/// System registers by name: their encodings, access rules and fields. Nothing here holds a register's current
/// value.
package dev.ipanema.arm.register;
