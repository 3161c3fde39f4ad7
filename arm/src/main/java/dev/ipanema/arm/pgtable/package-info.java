/// Translation tables as values: descriptors of both stages, granules, the geometry of stage 2 and
/// VTCR_EL2. Every bit position of a descriptor is here and nowhere else; walking and writing tables in
/// memory is done elsewhere.
package dev.ipanema.arm.pgtable;
