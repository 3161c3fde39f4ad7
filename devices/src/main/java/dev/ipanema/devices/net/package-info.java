/// What stands behind a network device: a peer that answers by itself, and packet files. No host network is ever
/// reached, and no device lives here.
package dev.ipanema.devices.net;
