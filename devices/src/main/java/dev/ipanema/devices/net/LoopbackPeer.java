package dev.ipanema.devices.net;

import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A router without a network behind it: it gives the guest 10.0.2.15 by DHCP, and 10.0.2.2 answers ARP and pings.
/// The addresses are those of QEMU's user-mode network. Everything else is dropped.
///
/// Sources: RFC 826 (ARP), RFC 792 (ICMP echo), RFC 2131 and 2132 (DHCP).
public final class LoopbackPeer implements NetworkPeer {
    /// 10.0.2.2.
    public static final int ROUTER = 0x0a00_0202;

    /// 10.0.2.15.
    public static final int GUEST = 0x0a00_020f;

    private static final int NETMASK = 0xffff_ff00;
    private static final int BROADCAST = 0xffff_ffff;
    private static final int LEASE_SECONDS = 86_400;
    private static final byte[] MAC = {0x52, 0x55, 0x0a, 0x00, 0x02, 0x02};

    /// Replies that wait at most.
    private static final int MAX_WAITING = 256;

    private static final int ETHERNET = 14;
    private static final int TYPE_IPV4 = 0x0800;
    private static final int TYPE_ARP = 0x0806;
    private static final int ARP_LENGTH = 28;
    private static final int IPV4 = 20;
    private static final int UDP = 8;
    private static final int PROTOCOL_ICMP = 1;
    private static final int PROTOCOL_UDP = 17;
    private static final int ICMP = 8;
    private static final int ECHO_REQUEST = 8;
    private static final int FLAGS_AND_OFFSET = 0x3fff;
    private static final int BOOTP_SERVER = 67;
    private static final int BOOTP_CLIENT = 68;
    private static final int BOOTP = 240;
    private static final int COOKIE = 0x6382_5363;
    private static final int DISCOVER = 1;
    private static final int OFFER = 2;
    private static final int REQUEST = 3;
    private static final int ACK = 5;
    private static final int NAK = 6;

    private static final int OPTION_NETMASK = 1;
    private static final int OPTION_ROUTER = 3;
    private static final int OPTION_ADDRESS = 50;
    private static final int OPTION_LEASE = 51;
    private static final int OPTION_MESSAGE = 53;
    private static final int OPTION_SERVER = 54;
    private static final int OPTION_END = 255;

    private final ArrayDeque<byte[]> replies = new ArrayDeque<>();

    @Override
    public byte @Nullable [] next() {
        return replies.poll();
    }

    private void reply(byte[] frame) {
        if (replies.size() < MAX_WAITING) {
            replies.add(frame);
        }
    }

    @Override
    public void fromGuest(byte[] frame, int length) {
        if (length < ETHERNET || length > MAX_FRAME) {
            return;
        }
        byte[] copy = Arrays.copyOf(frame, length);
        switch (Packet.get16(copy, 12)) {
            case TYPE_ARP -> arp(copy);
            case TYPE_IPV4 -> ipv4(copy);
            default -> {
                // Nobody else listens.
            }
        }
    }

    /// Makes a frame an answer to the one that it is a copy of.
    private static void turnEthernet(byte[] frame) {
        System.arraycopy(frame, 6, frame, 0, 6);
        System.arraycopy(MAC, 0, frame, 6, 6);
    }

    private void arp(byte[] frame) {
        int at = ETHERNET;
        if (frame.length < ETHERNET + ARP_LENGTH
                || Packet.get32(frame, at) != 0x0001_0800
                || Packet.get32(frame, at + 4) != 0x0604_0001
                || Packet.get32(frame, at + 24) != ROUTER) {
            return;
        }
        turnEthernet(frame);
        Packet.put16(frame, at + 6, 2);
        System.arraycopy(frame, at + 8, frame, at + 18, 10);
        System.arraycopy(MAC, 0, frame, at + 8, 6);
        Packet.put32(frame, at + 14, ROUTER);
        reply(frame);
    }

    private void ipv4(byte[] frame) {
        int at = ETHERNET;
        if (frame.length < at + IPV4 || frame[at] >>> 4 != 4) {
            return;
        }
        int header = (frame[at] & 0xf) * 4;
        int total = Packet.get16(frame, at + 2);
        if (header < IPV4
                || total < header
                || frame.length < at + total
                || (Packet.get16(frame, at + 6) & FLAGS_AND_OFFSET) != 0) {
            return;
        }
        int payload = at + header;
        int length = total - header;
        int destination = Packet.get32(frame, at + 16);
        if (frame[at + 9] == PROTOCOL_ICMP && destination == ROUTER && length >= ICMP) {
            echo(frame, payload, length);
        } else if (frame[at + 9] == PROTOCOL_UDP && length >= UDP + BOOTP) {
            if (Packet.get16(frame, payload + 2) == BOOTP_SERVER) {
                dhcp(frame, payload + UDP, length - UDP);
            }
        }
    }

    private void echo(byte[] frame, int at, int length) {
        if (frame[at] != ECHO_REQUEST || Packet.checksum(frame, at, length) != 0) {
            return;
        }
        turnEthernet(frame);
        int source = Packet.get32(frame, ETHERNET + 12);
        Packet.put32(frame, ETHERNET + 12, ROUTER);
        Packet.put32(frame, ETHERNET + 16, source);
        // Swapping the addresses keeps the header's checksum.
        frame[at] = 0;
        Packet.put16(frame, at + 2, 0);
        Packet.put16(frame, at + 2, Packet.checksum(frame, at, length));
        reply(frame);
    }

    // ---- DHCP ------------------------------------------------------------------------------------------------------

    private void dhcp(byte[] frame, int at, int length) {
        if (frame[at] != 1 || Packet.get32(frame, at + 236) != COOKIE) {
            return;
        }
        int type = 0;
        int wanted = Packet.get32(frame, at + 12);
        int end = at + length;
        for (int i = at + BOOTP; i + 1 < end && (frame[i] & 0xff) != OPTION_END; ) {
            if (frame[i] == 0) {
                i++;
                continue;
            }
            int size = frame[i + 1] & 0xff;
            if (i + 2 + size > end) {
                return;
            }
            if (frame[i] == OPTION_MESSAGE && size == 1) {
                type = frame[i + 2];
            } else if (frame[i] == OPTION_ADDRESS && size == 4) {
                wanted = Packet.get32(frame, i + 2);
            } else if (frame[i] == OPTION_SERVER && size == 4 && Packet.get32(frame, i + 2) != ROUTER) {
                return;
            }
            i += 2 + size;
        }
        if (type == DISCOVER) {
            reply(dhcpReply(frame, at, OFFER));
        } else if (type == REQUEST) {
            reply(dhcpReply(frame, at, wanted == GUEST ? ACK : NAK));
        }
    }

    private static byte[] dhcpReply(byte[] request, int from, int type) {
        byte[] options = {
            OPTION_MESSAGE,
            1,
            (byte) type,
            OPTION_SERVER,
            4,
            0,
            0,
            0,
            0,
            OPTION_NETMASK,
            4,
            0,
            0,
            0,
            0,
            OPTION_ROUTER,
            4,
            0,
            0,
            0,
            0,
            OPTION_LEASE,
            4,
            0,
            0,
            0,
            0,
            (byte) OPTION_END
        };
        Packet.put32(options, 5, ROUTER);
        Packet.put32(options, 11, NETMASK);
        Packet.put32(options, 17, ROUTER);
        Packet.put32(options, 23, LEASE_SECONDS);
        // RFC 1542, section 2.1: at least 300 bytes.
        int payload = Math.max(BOOTP + options.length, 300);
        byte[] frame = new byte[ETHERNET + IPV4 + UDP + payload];
        Arrays.fill(frame, 0, 6, (byte) 0xff);
        System.arraycopy(MAC, 0, frame, 6, 6);
        Packet.put16(frame, 12, TYPE_IPV4);
        int ip = ETHERNET;
        frame[ip] = 0x45;
        Packet.put16(frame, ip + 2, IPV4 + UDP + payload);
        frame[ip + 8] = 64;
        frame[ip + 9] = PROTOCOL_UDP;
        Packet.put32(frame, ip + 12, ROUTER);
        Packet.put32(frame, ip + 16, BROADCAST);
        Packet.put16(frame, ip + 10, Packet.checksum(frame, ip, IPV4));
        int udp = ip + IPV4;
        Packet.put16(frame, udp, BOOTP_SERVER);
        Packet.put16(frame, udp + 2, BOOTP_CLIENT);
        Packet.put16(frame, udp + 4, UDP + payload);
        int at = udp + UDP;
        frame[at] = 2;
        frame[at + 1] = 1;
        frame[at + 2] = 6;
        // Transaction, flags and the client's hardware address are those of the request.
        System.arraycopy(request, from + 4, frame, at + 4, 4);
        System.arraycopy(request, from + 10, frame, at + 10, 2);
        System.arraycopy(request, from + 28, frame, at + 28, 16);
        if (type != NAK) {
            Packet.put32(frame, at + 16, GUEST);
            Packet.put32(frame, at + 20, ROUTER);
        }
        Packet.put32(frame, at + 236, COOKIE);
        System.arraycopy(options, 0, frame, at + BOOTP, options.length);
        return frame;
    }
}
