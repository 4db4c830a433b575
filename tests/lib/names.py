"""A name server of the test's own, on UDP port 53 of a test network."""

import collections
import socket
import struct
import threading

_A, _AAAA = 1, 28


class NameServer:
    """Answers A and AAAA from `answers`; counts the questions by name."""

    def __init__(self, network):
        self.answers = {}
        # name → lists of addresses, one list a question; the last one stays.
        self.sequence = {}
        self.silent = set()
        self.asked = collections.Counter()
        with network.entered():
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                packet, peer = self._socket.recvfrom(4096)
            except OSError:
                return
            answer = self._answer(packet)
            if answer:
                try:
                    self._socket.sendto(answer, peer)
                except OSError:
                    return

    def _answer(self, packet: bytes):
        labels, offset = [], 12
        while packet[offset]:
            labels.append(packet[offset + 1:offset + 1 + packet[offset]].decode("latin-1"))
            offset += packet[offset] + 1
        kind, = struct.unpack_from("!H", packet, offset + 1)
        question = packet[12:offset + 5]
        name = ".".join(labels).lower()
        if kind in (_A, _AAAA):
            self.asked[name] += 1
        if name in self.silent:
            return None
        addresses = self.answers.get(name)
        if name in self.sequence:
            steps = self.sequence[name]
            # A and AAAA of one lookup see the same step.
            addresses = steps[min((self.asked[name] - 1) // 2, len(steps) - 1)]
        records, known = b"", addresses is not None
        for address in addresses or []:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            if (kind == _A) == (family == socket.AF_INET) and kind in (_A, _AAAA):
                data = socket.inet_pton(family, address)
                records += struct.pack("!HHHIH", 0xC00C, kind, 1, 0, len(data)) + data
        count = len(records) // (16 if kind == _A else 28)
        flags = 0x8180 if known else 0x8183
        return packet[:2] + struct.pack("!HHHHH", flags, 1, count, 0, 0) + question + records

    def close(self) -> None:
        """Stops answering."""
        self._socket.close()
