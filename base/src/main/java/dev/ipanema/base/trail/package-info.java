/// The chain of facts that led to a decision. Says what was decided and why, never decides.
package dev.ipanema.base.trail;
