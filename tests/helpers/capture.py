"""Capture all traffic at a switch of ``tests.helpers.hosts``, and search it for readable contents.

A WebSocket client masks its messages with four repeating bytes, which defeats a plain search. The XOR of bytes
at a distance of four is equal under any mask, so the search uses that too.
"""

import socket
import struct
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tests.helpers.hosts import inside

MDNS_PORT: Final = 5353
_EVERYTHING: Final = 0x0003  # ETH_P_ALL
_OUTGOING: Final = 4  # each frame is seen twice: incoming and outgoing
_SOL_PACKET, _STATISTICS = 263, 6
_SO_RCVBUFFORCE: Final = 33
_BUFFER: Final = 64 * 1024 * 1024
_LARGEST: Final = 256 * 1024  # with segmentation offload, packets exceed the MTU
_CHECK_S: Final = 0.1
_IPV4, _ARP, _IPV6 = 0x0800, 0x0806, 0x86DD
_ICMP, _IGMP, _TCP, _UDP = 1, 2, 6, 17
_WORD: Final = 8
_BEGINNING: Final = np.uint64(0xFFFFFF)  # the first three bytes of a word
_HANDSHAKE: Final = b"\x16\x03"


class Flow(NamedTuple):
    """A direction of a connection, or datagrams from one address to another."""

    protocol: int
    source: tuple[str, int]
    target: tuple[str, int]


@dataclass
class Capture:
    """The captured ``frames`` in order; ``dropped``: number of frames lost to overload."""

    frames: list[bytes] = field(default_factory=list)
    dropped: int = 0

    def flows(self) -> dict[Flow, bytes]:
        """Return the contents of TCP and UDP, in order of arrival."""
        data: defaultdict[Flow, list[bytes]] = defaultdict(list)
        for frame in self.frames:
            if parsed := _parsed(frame):
                data[parsed[0]].append(parsed[1])
        return {flow: b"".join(pieces) for flow, pieces in data.items()}

    def everything(self) -> bytes:
        """Return all flows, each in one piece, then all raw frames."""
        return b"".join([*self.flows().values(), *self.frames])

    def unexpected(self, port: int) -> set[str]:
        """Return all traffic except TLS at this port, mDNS, and protocols that a network itself needs."""
        found = {kind for frame in self.frames if (kind := _kind(frame))}
        for flow, data in self.flows().items():
            if port in (flow.source[1], flow.target[1]) and flow.protocol == _TCP:
                if data and not data.startswith(_HANDSHAKE):
                    found.add(f"no TLS: {flow}")
            elif flow.protocol == _TCP or MDNS_PORT not in (flow.source[1], flow.target[1]):
                found.add(f"{flow}")
        return found


@contextmanager
def capturing(namespace: str) -> Iterator[Capture]:
    """Capture all traffic at the interfaces of this namespace until the context ends."""
    kept, ended = Capture(), threading.Event()
    sniffing = inside(namespace, _sniffer)

    def keep() -> None:
        while True:
            try:
                frame, where = sniffing.recvfrom(_LARGEST)
            except TimeoutError:
                if ended.is_set():
                    return
                continue
            if where[2] != _OUTGOING:
                kept.frames.append(frame)

    thread = threading.Thread(target=keep)
    thread.start()
    try:
        yield kept
    finally:
        ended.set()
        thread.join()
        _, kept.dropped = struct.unpack("II", sniffing.getsockopt(_SOL_PACKET, _STATISTICS, 8))
        sniffing.close()


def _sniffer() -> socket.socket:
    sniffing = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERYTHING))
    sniffing.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
    sniffing.settimeout(_CHECK_S)
    return sniffing


# -- readable contents -------------------------------------------------------------------------------------


def readable_speech(data: bytes, pcm: bytes) -> int:
    """Count the 8-byte words of ``pcm`` in ``data``, masked or not.

    Any 16 consecutive bytes of speech contain such a word.
    """
    return sum(_common(one, other) for one, other in ((data, pcm), (_unmasked(data), _unmasked(pcm))))


def readable(data: bytes, texts: Iterable[str]) -> list[str]:
    """Return the texts that ``data`` contains, masked or not.

    Short texts are searched unmasked only, because masked matches could be accidental.
    """
    unmasked = _unmasked(data)
    return [text for text in texts if _is_in(text.encode(), data, unmasked)]


def _is_in(text: bytes, data: bytes, unmasked: bytes) -> bool:
    return text in data or (len(text) > _WORD + 4 and _unmasked(text) in unmasked)


def _unmasked(data: bytes) -> bytes:
    values = np.frombuffer(data, np.uint8)
    return (values[4:] ^ values[:-4]).tobytes()


def _common(data: bytes, pcm: bytes) -> int:
    wanted = np.unique(np.frombuffer(pcm, "<u8", len(pcm) // _WORD))
    wanted = wanted[wanted != 0]
    beginnings = np.zeros(int(_BEGINNING) + 1, np.bool_)
    beginnings[wanted & _BEGINNING] = True
    return sum(_hits(data, wanted, beginnings, offset) for offset in range(_WORD))


def _hits(data: bytes, wanted: NDArray[np.uint64], beginnings: NDArray[np.bool_], offset: int) -> int:
    if len(data) < offset + _WORD:
        return 0
    words = np.frombuffer(data, "<u8", (len(data) - offset) // _WORD, offset)
    likely = words[beginnings[words & _BEGINNING]]  # few: a search for all words takes four times as long
    return int(np.isin(likely, wanted).sum())


# -- frames ------------------------------------------------------------------------------------------------


def _kind(frame: bytes) -> str:
    """Describe an unexpected frame; empty for expected ones."""
    kind = int.from_bytes(frame[12:14])
    if kind in (_ARP, _IPV6):
        # The only expected IPv6 is what each host sends by itself from its link-local address.
        return "IPv6" if kind == _IPV6 and frame[20] in (_TCP, _UDP) else ""
    if kind != _IPV4:
        return f"ethertype {kind:#06x}"
    return "" if frame[23] in (_ICMP, _IGMP, _TCP, _UDP) else f"IP protocol {frame[23]}"


def _parsed(frame: bytes) -> tuple[Flow, bytes] | None:
    if int.from_bytes(frame[12:14]) != _IPV4 or frame[23] not in (_TCP, _UDP):
        return None
    packet = frame[14 : 14 + int.from_bytes(frame[16:18])]  # the rest is padding
    body = packet[(packet[0] & 15) * 4 :]
    ports = int.from_bytes(body[:2]), int.from_bytes(body[2:4])
    ends = tuple(socket.inet_ntoa(packet[start : start + 4]) for start in (12, 16))
    length = (body[12] >> 4) * 4 if packet[9] == _TCP else 8
    return Flow(packet[9], (ends[0], ports[0]), (ends[1], ports[1])), body[length:]
