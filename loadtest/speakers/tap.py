"""Connector of the load maker's clients. It counts refusals, and can cut all connections.

The client library opens connections by itself, with an HTTP client that uses this connector.
"""

import json
import socket
import struct
import time
import weakref
from collections.abc import Callable
from http import HTTPStatus
from types import SimpleNamespace

import aiohttp

from client.backoff import LONGEST_ASKED_S
from loadtest.measurement.tally import TallyRecorder
from loadtest.speakers.speaker import without_numbers
from runtime.tls import no_redirects

_REFUSALS = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_LINGER_0 = struct.pack("ii", 1, 0)
_EARLY_S = 0.005  # uvloop's timers are whole milliseconds and may fire up to 1 ms early


class SharedConnector:
    """Shared connector of all sessions in this process. Close it at the end."""

    def __init__(self, recorder: TallyRecorder, clock: Callable[[], float] = time.monotonic) -> None:
        self._recorder = recorder
        self._clock = clock
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._connector = aiohttp.TCPConnector(limit=0, socket_factory=self._socket)

    def http(self) -> Callable[[], aiohttp.ClientSession]:
        """Return ``ClientSettings.http`` for one session; it records refusals and early retries."""
        patience = _Patience(self._recorder, self._clock)
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(patience.asked)
        trace.on_request_end.append(patience.answered)

        def session() -> aiohttp.ClientSession:
            return aiohttp.ClientSession(
                connector=self._connector, connector_owner=False, trace_configs=[trace, no_redirects()]
            )

        return session

    def cut(self) -> int:
        """Reset all connections, as if the network had failed; return their number."""
        count = 0
        for end in tuple(self._sockets):
            try:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
                end.shutdown(socket.SHUT_RDWR)
                count += 1
            except OSError:  # already closed
                continue
        self._sockets.clear()
        return count

    async def close(self) -> None:
        """Close the connector, once all sessions are over."""
        await self._connector.close()

    def _socket(self, where: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, _ = where
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        self._sockets.add(made)
        return made


class _Patience:
    """Earliest allowed retry of one session by Retry-After, of which clients obey at most a minute."""

    def __init__(self, recorder: TallyRecorder, clock: Callable[[], float]) -> None:
        self._recorder = recorder
        self._clock = clock
        self._not_before = 0.0

    async def asked(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, _asked: aiohttp.TraceRequestStartParams
    ) -> None:
        self._recorder.tally.early += self._clock() < self._not_before - _EARLY_S

    async def answered(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, ended: aiohttp.TraceRequestEndParams
    ) -> None:
        response = ended.response
        if response.status not in _REFUSALS:
            return
        now = self._clock()
        seconds = _seconds(response.headers.get("Retry-After"))
        self._not_before = now + min(seconds or 0.0, LONGEST_ASKED_S)
        kind = f"{response.status} {_reason(await response.text())}"
        self._recorder.count_refusal(kind, seconds, now)


def _seconds(retry_after: str | None) -> float | None:
    try:
        return None if retry_after is None else float(retry_after)
    except ValueError:
        return None


def _reason(body: str) -> str:
    """Return the kind of refusal from an error body."""
    try:
        return without_numbers(str(json.loads(body)["error"]["message"]))
    except (ValueError, KeyError, TypeError):
        return "without a reason"
