/// Reading and printing sizes and numbers, and the refusal of bad input. No knowledge of what is read.
package dev.ipanema.base.text;
