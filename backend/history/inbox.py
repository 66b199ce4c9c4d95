"""The stream in which the broker has what the history is to hold, read as one of the consumers of a group.

An entry is given out until it is settled. What a gateway that is gone has not settled is taken over by another
one; so may be what one only holds for long: recording twice is harmless.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

import msgspec
import structlog

from backend.errors import BrokerFailed
from backend.history.folding import OVER
from backend.history.records import About, Entry
from protocol.errors import MalformedMessage
from protocol.job import Failure, Keys, Result, decode_notice
from runtime import logger_names

log = structlog.get_logger(logger_names.BACKEND_HISTORY_INBOX)

Administer = Callable[..., Awaitable[Any]]

GROUP: Final = "history"
HELD_MS: Final = 5_000
"""What a gateway has had for so long may be taken over."""
FORGOTTEN_MS: Final = 600_000
_LONGEST_ID: Final = 200  # an index takes no more than 2 KB, and a worker says what it is
_about_decoder = msgspec.json.Decoder(About)


class Backlog(NamedTuple):
    """``waiting``: entries that are not settled. ``left_out``: that went for want of room, ever."""

    waiting: int = 0
    left_out: int = 0


class Letter(NamedTuple):
    """``entry`` ``None``: nobody can read it."""

    id: str
    entry: Entry | None


class Inbox:
    """``administer`` runs a command and raises ``BrokerError``; ``consumer``: this gateway."""

    def __init__(
        self, administer: Administer, consumer: str, held_ms: int = HELD_MS, forgotten_ms: int = FORGOTTEN_MS
    ) -> None:
        self._administer = administer
        self._consumer = consumer
        self._held_ms = held_ms
        self._forgotten_ms = forgotten_ms
        self._stream, self._figures = Keys().history_keys

    async def take(self, most: int) -> list[Letter]:
        """New ones, at once, the oldest first."""
        command = ("XREADGROUP", "GROUP", GROUP, self._consumer, "COUNT", str(most), "STREAMS", self._stream, ">")
        try:
            streams = await self._administer(*command)
        except BrokerFailed as error:
            if not str(error).startswith("NOGROUP"):
                raise
            await self._make_group()
            return []
        return [letter for _, found in streams or () for letter in _letters(found)]

    async def take_over(self, most: int) -> list[Letter]:
        """Those that another gateway, or this one, was given and has not settled for long."""
        command = ("XAUTOCLAIM", self._stream, GROUP, self._consumer, str(self._held_ms), "0", "COUNT", str(most))
        try:
            _, found, *_ = await self._administer(*command)
        except BrokerFailed as error:
            if not str(error).startswith("NOGROUP"):
                raise
            return []
        return _letters(found)

    async def settle(self, letters: Sequence[Letter]) -> None:
        """These are recorded. They are deleted first: one that is only acknowledged would stay for ever."""
        ids = [letter.id for letter in letters]
        if ids:
            await self._administer("XDEL", self._stream, *ids)
            await self._administer("XACK", self._stream, GROUP, *ids)

    async def backlog(self) -> Backlog:
        """How much waits."""
        waiting = await self._administer("XLEN", self._stream)
        left_out = await self._administer("HGET", self._figures, "left_out")
        return Backlog(int(waiting), int(left_out or 0))

    async def forget_others(self) -> None:
        """Let go of the names of gateways that are gone and have settled everything."""
        with suppress(BrokerFailed):  # nobody has made the group yet
            for flat in await self._administer("XINFO", "CONSUMERS", self._stream, GROUP):
                about = dict(zip(flat[::2], flat[1::2], strict=True))
                idle, pending, name = int(about[b"idle"]), int(about[b"pending"]), about[b"name"].decode()
                if name != self._consumer and pending == 0 and idle > self._forgotten_ms:
                    await self._administer("XGROUP", "DELCONSUMER", self._stream, GROUP, name)

    async def drop(self) -> None:
        """Delete all of it: nobody keeps a history any more."""
        await self._administer("DEL", self._stream, self._figures)

    async def _make_group(self) -> None:
        try:
            await self._administer("XGROUP", "CREATE", self._stream, GROUP, "0", "MKSTREAM")
        except BrokerFailed as error:
            if not str(error).startswith("BUSYGROUP"):  # another gateway was quicker
                raise


def _letters(found: Sequence[Any]) -> list[Letter]:
    return [_letter(id.decode(), fields) for id, fields in found if fields is not None]


def _letter(id: str, fields: dict[bytes, bytes]) -> Letter:
    try:
        return Letter(id, read_entry(id, fields))
    except MalformedMessage as error:
        log.error("an entry of the history's feed cannot be read", entry=id, reason=str(error))
        return Letter(id, None)


def read_entry(id: str, fields: dict[bytes, bytes]) -> Entry:
    """As the scripts write it; an entry's id begins with the broker's time. Raises ``MalformedMessage``."""
    try:
        entry = _entry(int(id.partition("-")[0]), fields)
    except (msgspec.DecodeError, KeyError, ValueError) as error:
        raise MalformedMessage(f"not an entry of the feed: {error}") from error
    if len(entry.session) > _LONGEST_ID:
        raise MalformedMessage("not the id of a session")
    return entry


def _entry(at_ms: int, fields: dict[bytes, bytes]) -> Entry:
    about = _about_decoder.decode(fields.get(b"about", b""))
    if b"notice" in fields:
        outcome, samples = decode_notice(fields[b"notice"]), int(fields.get(b"samples", 0))
        if not isinstance(outcome, Result | Failure):
            raise MalformedMessage("neither a result nor a failure")
        return Entry(about, outcome.session, outcome.segment, outcome.attempt, outcome, samples, at_ms)
    session = fields[b"session"].decode()
    segment, attempt = int(fields.get(b"segment", OVER)), int(fields.get(b"attempt", 0))
    return Entry(about, session, segment, attempt, None, 0, at_ms)
