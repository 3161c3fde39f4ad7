package dev.ipanema.devices.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LoopbackPeerTest {
    private static final String GUEST_MAC = "525400123456";
    private static final String ROUTER_MAC = "52550a000202";

    private final LoopbackPeer peer = new LoopbackPeer();

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }

    private byte[] answer(byte[] frame) {
        peer.fromGuest(frame, frame.length);
        return Objects.requireNonNull(peer.next(), "an answer");
    }

    @Test
    void theRouterAnswersArp() {
        byte[] request = hex("ffffffffffff" + GUEST_MAC + "0806 0001 0800 06 04 0001" + GUEST_MAC + "0a00020f"
                + "000000000000 0a000202");

        assertThat(answer(request))
                .isEqualTo(hex(GUEST_MAC + ROUTER_MAC + "0806 0001 0800 06 04 0002" + ROUTER_MAC + "0a000202"
                        + GUEST_MAC + "0a00020f"));
    }

    @Test
    void nobodyElseAnswersArp() {
        byte[] request = hex("ffffffffffff" + GUEST_MAC + "0806 0001 0800 06 04 0001" + GUEST_MAC + "0a00020f"
                + "000000000000 0a000203");
        peer.fromGuest(request, request.length);

        assertThat(peer.next()).isNull();
    }

    @Test
    void theRouterAnswersAPing() {
        byte[] request = hex(ROUTER_MAC + GUEST_MAC + "0800"
                + "4500 0020 0001 0000 40 01 62cb 0a00020f 0a000202"
                + "08 00 0000 0007 0001 61626364");
        Packet.put16(request, 36, Packet.checksum(request, 34, 12));
        byte[] reply = answer(request);

        assertThat(Arrays.copyOf(reply, 12)).isEqualTo(hex(GUEST_MAC + ROUTER_MAC));
        assertThat(Arrays.copyOfRange(reply, 26, 34)).isEqualTo(hex("0a000202 0a00020f"));
        assertThat(reply[34]).isZero();
        assertThat(Packet.checksum(reply, 34, 12)).isZero();
        assertThat(Arrays.copyOfRange(reply, 38, 46)).isEqualTo(hex("0007 0001 61626364"));
    }

    /// A DHCP message as a client broadcasts it.
    private static byte[] dhcp(String options) {
        byte[] option = hex(options);
        int payload = 240 + option.length;
        byte[] frame = new byte[14 + 20 + 8 + payload];
        System.arraycopy(hex("ffffffffffff" + GUEST_MAC + "0800"), 0, frame, 0, 14);
        System.arraycopy(hex("4500 0000 0000 0000 40 11 0000 00000000 ffffffff"), 0, frame, 14, 20);
        Packet.put16(frame, 16, 28 + payload);
        System.arraycopy(hex("0044 0043 0000 0000"), 0, frame, 34, 8);
        Packet.put16(frame, 38, 8 + payload);
        System.arraycopy(hex("01 01 06 00 cafe1234"), 0, frame, 42, 8);
        System.arraycopy(hex(GUEST_MAC), 0, frame, 70, 6);
        System.arraycopy(hex("63825363"), 0, frame, 278, 4);
        System.arraycopy(option, 0, frame, 282, option.length);
        return frame;
    }

    @Test
    void aDiscoverIsAnsweredWithAnOfferOfTheGuestsAddress() {
        byte[] offer = answer(dhcp("35 01 01 ff"));

        assertThat(Packet.checksum(offer, 14, 20)).isZero();
        assertThat(Packet.get16(offer, 36)).isEqualTo(68);
        assertThat(Packet.get32(offer, 46)).isEqualTo(0xcafe1234);
        assertThat(Packet.get32(offer, 58)).isEqualTo(LoopbackPeer.GUEST);
        assertThat(Arrays.copyOfRange(offer, 70, 76)).isEqualTo(hex(GUEST_MAC));
        assertThat(Arrays.copyOfRange(offer, 282, 310))
                .isEqualTo(hex("350102 36040a000202 0104ffffff00 03040a000202 330400015180 ff"));
    }

    @Test
    void aRequestForTheOfferIsAcknowledgedAndOneForAnotherAddressIsNot() {
        byte[] acknowledged = answer(dhcp("35 01 03 32 04 0a00020f 36 04 0a000202 ff"));
        byte[] refused = answer(dhcp("35 01 03 32 04 c0a80001 ff"));

        assertThat(acknowledged[284]).isEqualTo((byte) 5);
        assertThat(refused[284]).isEqualTo((byte) 6);
        assertThat(Packet.get32(refused, 58)).isZero();
    }

    @Test
    void damagedFramesOfAnyKindAreTakenInSilence() {
        long seed = Long.getLong("ipanema.seed", 20_261_124L);
        System.out.println("seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        byte[][] good = {
            dhcp("35 01 01 32 04 0a00020f 36 04 0a000202 ff"),
            hex("ffffffffffff" + GUEST_MAC + "0806 0001 0800 06 04 0001" + GUEST_MAC + "0a00020f"
                    + "000000000000 0a000202"),
            hex(ROUTER_MAC + GUEST_MAC + "0800 4500 0020 0001 0000 40 01 62cb 0a00020f 0a000202"
                    + "08 00 0000 0007 0001 61626364")
        };
        int answers = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] frame = good[random.nextInt(good.length)].clone();
            for (int n = random.nextInt(4); n > 0; n--) {
                frame[random.nextInt(12, frame.length)] = (byte) random.nextInt();
            }
            peer.fromGuest(frame, random.nextInt(frame.length + 1));
            answers += peer.next() == null ? 0 : 1;
        }

        assertThat(answers).isPositive();
    }
}
