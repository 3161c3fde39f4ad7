/// The machine against a second implementation of the architecture, instruction by instruction. Nothing else is tested
/// here, and no second copy of a rule of the architecture lives here.
package dev.ipanema.differential;
