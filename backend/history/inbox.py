"""Read the broker's history stream as one consumer of a group.

The broker delivers an entry until it is settled. Another gateway takes over the unsettled entries of a gateway
that ended, and also entries held for a long time. Recording an entry twice is harmless.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

import msgspec

from backend.core.errors import BrokerFailed
from backend.history.folding import OVER
from backend.history.records import FeedEntry, SessionOwner
from protocol.decoding import explain
from protocol.errors import MalformedMessage
from protocol.job import Failure, Keys, Result, decode_notice
from protocol.rest import SessionKind
from protocol.spans import parse_replaces
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.BACKEND_HISTORY_INBOX

Administer = Callable[..., Awaitable[Any]]

GROUP: Final = "history"
HELD_MS: Final = 5_000
"""Time after which another gateway may take over a held entry."""
FORGOTTEN_MS: Final = 600_000
_FIRST: Final = Keys()
_LONGEST_ID: Final = 200  # an index accepts at most 2 KB, and workers choose the id
_about_decoder = msgspec.json.Decoder(SessionOwner)


class InboxBacklog(NamedTuple):
    """How much waits in the stream.

    ``waiting``: unsettled entries. ``left_out``: entries dropped for lack of room since the stream began.
    """

    waiting: int = 0
    left_out: int = 0


class InboxEntry(NamedTuple):
    """A stream entry; ``entry`` is ``None`` if it is unreadable."""

    id: str
    entry: FeedEntry | None


class Inbox:
    """The history stream of one shard, as this gateway reads it.

    ``administer`` runs a broker command and raises ``BrokerError``. ``consumer`` names this gateway.
    """

    def __init__(
        self,
        administer: Administer,
        consumer: str,
        held_ms: int = HELD_MS,
        forgotten_ms: int = FORGOTTEN_MS,
        keys: Keys = _FIRST,
    ) -> None:
        self._administer = administer
        self._consumer = consumer
        self._held_ms = held_ms
        self._forgotten_ms = forgotten_ms
        self._keys = keys
        self._stream, self._figures = keys.history_keys

    async def take(self, most: int) -> list[InboxEntry]:
        """Return new letters without waiting, the oldest first."""
        command = ("XREADGROUP", "GROUP", GROUP, self._consumer, "COUNT", str(most), "STREAMS", self._stream, ">")
        try:
            streams = await self._administer(*command)
        except BrokerFailed as error:
            if not str(error).startswith("NOGROUP"):
                raise
            await self._make_group()
            return []
        return await self._with_spans([letter for _, found in streams or () for letter in _letters(found)])

    async def take_over(self, most: int) -> list[InboxEntry]:
        """Take letters that any gateway has held unsettled for too long."""
        command = ("XAUTOCLAIM", self._stream, GROUP, self._consumer, str(self._held_ms), "0", "COUNT", str(most))
        try:
            _, found, *_ = await self._administer(*command)
        except BrokerFailed as error:
            if not str(error).startswith("NOGROUP"):
                raise
            return []
        return await self._with_spans(_letters(found))

    async def settle(self, letters: Sequence[InboxEntry]) -> None:
        """Remove recorded letters from the stream.

        Delete before acknowledging: a letter that was only acknowledged would stay for ever.
        """
        ids = [letter.id for letter in letters]
        if ids:
            await self._administer("XDEL", self._stream, *ids)
            await self._administer("XACK", self._stream, GROUP, *ids)

    async def backlog(self) -> InboxBacklog:
        """Return how many letters wait and how many were dropped."""
        waiting = await self._administer("XLEN", self._stream)
        left_out = await self._administer("HGET", self._figures, "left_out")
        return InboxBacklog(int(waiting), int(left_out or 0))

    async def forget_others(self) -> None:
        """Remove the consumer names of gateways that ended with everything settled."""
        with suppress(BrokerFailed):  # the group does not exist yet
            for flat in await self._administer("XINFO", "CONSUMERS", self._stream, GROUP):
                about = dict(zip(flat[::2], flat[1::2], strict=True))
                idle, pending, name = int(about[b"idle"]), int(about[b"pending"]), about[b"name"].decode()
                if name != self._consumer and pending == 0 and idle > self._forgotten_ms:
                    await self._administer("XGROUP", "DELCONSUMER", self._stream, GROUP, name)

    async def drop(self) -> None:
        """Delete the whole stream, because no history is kept any more."""
        await self._administer("DEL", self._stream, self._figures)

    async def _with_spans(self, letters: list[InboxEntry]) -> list[InboxEntry]:
        """Add the second passes from the sessions' hashes: workers do not know them."""
        wanted: dict[str, list[int]] = {}
        for _, entry in letters:
            if entry is not None and entry.segment != OVER and entry.about.kind is SessionKind.STREAM:
                wanted.setdefault(entry.session, []).append(entry.segment)
        second_passes: dict[tuple[str, int], tuple[bytes | None, bytes | None]] = {}
        for session, segments in wanted.items():
            names = [f"{name}:{n}" for n in segments for name in ("span", "part")]
            values = await self._administer("HMGET", self._keys.session(session), *names)
            second_passes |= {(session, n): tuple(values[2 * i : 2 * i + 2]) for i, n in enumerate(segments)}
        return [_with_span(letter, second_passes) for letter in letters]

    async def _make_group(self) -> None:
        try:
            await self._administer("XGROUP", "CREATE", self._stream, GROUP, "0", "MKSTREAM")
        except BrokerFailed as error:
            if not str(error).startswith("BUSYGROUP"):  # another gateway was faster
                raise


def _letters(found: Sequence[Any]) -> list[InboxEntry]:
    return [_letter(id.decode(), fields) for id, fields in found if fields is not None]


def _with_span(
    letter: InboxEntry, second_passes: Mapping[tuple[str, int], tuple[bytes | None, bytes | None]]
) -> InboxEntry:
    if letter.entry is None or (letter.entry.session, letter.entry.segment) not in second_passes:
        return letter
    replaces, part_of = second_passes[letter.entry.session, letter.entry.segment]
    entry = letter.entry._replace(
        replaces=parse_replaces(replaces or b"[]"), part_of=int(part_of) if part_of and part_of.isdigit() else -1
    )
    return letter._replace(entry=entry)


def _letter(id: str, fields: dict[bytes, bytes]) -> InboxEntry:
    try:
        return InboxEntry(id, read_entry(id, fields))
    except MalformedMessage as error:
        log.error(LogEvent.HISTORY_ENTRY_UNREADABLE, entry=id, reason=str(error))
        return InboxEntry(id, None)


def read_entry(id: str, fields: dict[bytes, bytes]) -> FeedEntry:
    """Read an entry as the broker's scripts write it. Raises ``MalformedMessage``.

    The entry's id begins with the broker's time.
    """
    try:
        entry = _entry(int(id.partition("-")[0]), fields)
    except (msgspec.DecodeError, KeyError, ValueError) as error:
        raise MalformedMessage(f"not an entry of the feed: {explain(error)}") from error
    if len(entry.session) > _LONGEST_ID:
        raise MalformedMessage("not the id of a session")
    return entry


def _entry(at_ms: int, fields: dict[bytes, bytes]) -> FeedEntry:
    about = _about_decoder.decode(fields.get(b"about", b""))
    if b"notice" in fields:
        outcome, samples = decode_notice(fields[b"notice"]), int(fields.get(b"samples", 0))
        if not isinstance(outcome, Result | Failure):
            raise MalformedMessage("neither a result nor a failure")
        return FeedEntry(about, outcome.session, outcome.segment, outcome.attempt, outcome, samples, at_ms)
    session = fields[b"session"].decode()
    segment, attempt = int(fields.get(b"segment", OVER)), int(fields.get(b"attempt", 0))
    return FeedEntry(about, session, segment, attempt, None, 0, at_ms)
