package dev.ipanema.arm.a64;

/// One decoded instruction as a value, for readers that are not hot; the fields are those of [PreDecoded].
///
/// @param op the operation, an [Op]
/// @param rd Rd or Rt, an index as [PreDecoded] numbers registers
/// @param rn Rn
/// @param rm Rm or Rs
/// @param ra Ra or Rt2, or the source copy of a register that is read and written
/// @param imm the immediate, scaled and extended
/// @param aux the 16 bits that depend on the operation
/// @param raw the instruction word
public record Instruction(int op, int rd, int rn, int rm, int ra, long imm, int aux, int raw) {}
