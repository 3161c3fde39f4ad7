/// Linux error numbers. No policy about when they are returned.
package dev.ipanema.base.errno;
