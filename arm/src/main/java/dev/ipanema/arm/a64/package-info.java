/// The A64 instruction set: one table of encodings (`encodings.txt`) from which the decoder, the
/// disassembler and the assembler are made, and the pre-decoded form the interpreter runs. No processor
/// state and no execution lives here.
package dev.ipanema.arm.a64;
