/// The guests that can be fetched by name: which packages each is made of, what is taken out of them, the initial RAM
/// disk that is built here, and the cache they are kept in. Runs nothing.
package dev.ipanema.images.catalog;
