"""Grammar of a worker's commands: which words may follow, and how long each may be. Pure.

A grammar is a generator: it yields the kind of the next word and receives that word. Every argument is covered:
keys, names and numbers are checked, long values are only measured.
"""

import re
from collections.abc import Callable, Generator, Mapping, Set
from hashlib import sha1
from typing import Final, NamedTuple

from protocol.errors import Forbidden
from protocol.job import GROUP, LONGEST_FAILURE, LONGEST_NOTICE, LONGEST_STATUS, MOST_TAKEN

LONGEST_CONSUMER: Final = 256
MOST_STREAMS: Final = 8
"""Limit of one connection.

A worker uses up to seven: jobs of both classes and partials, for its model and for any, and translations.
"""
_MOST_WORDS: Final = 512
_LONGEST_SCRIPT: Final = 64 * 1024
_LONGEST_KEY: Final = 256
_LONGEST_VALUE: Final = 64

_STREAM: Final = re.compile(rb"kiki:\{\d{1,5}\}:(?:jobs:(?:interactive|bulk)|partials):[^\s\x00-\x1f\x7f]+")
_KEY: Final = re.compile(
    rb"kiki:(?:workers|\{\d{1,5}\}:(?:session:\S+|backlog|sweep|workers|history:figures|streamers))"
)
_LIVE: Final = re.compile(rb"kiki:\{\d{1,5}\}:stream(?:-of)?:[^\s\x00-\x1f\x7f]+")
_WORKERS: Final = re.compile(rb"kiki:(?:\{\d{1,5}\}:)?workers")
_NUMBER: Final = re.compile(rb"-?\d{1,15}")
_CONSUMER: Final = re.compile(rb"[^\x00-\x1f\x7f]+")
_RETURNED: Final = b"returned"  # reserved name: the consumer of entries that were handed back


class ConnectionState:
    """State of one connection: its consumer name, and the streams that it named.

    ``claim`` decides whether the account may use a name; the first accepted name is the only one. ``clients``:
    the broker's ids of the account's connections, of which one may end the waiting of another.
    """

    def __init__(
        self, claim: Callable[[bytes], bool] = lambda name: True, clients: Set[int] = frozenset()
    ) -> None:
        self.consumer = b""
        self._clients = clients
        self.streams: set[bytes] = set()
        self._claim = claim

    def is_consumer(self, word: bytes) -> bool:
        """Return whether ``word`` is this connection's consumer; the first valid name becomes it."""
        if not self.consumer and _CONSUMER.fullmatch(word) and word != _RETURNED and self._claim(word):
            self.consumer = word
        return bool(word) and word == self.consumer

    def is_client(self, word: bytes) -> bool:
        """Return whether ``word`` is the broker's id of a connection of this account."""
        return word.isdigit() and int(word) in self._clients

    def is_stream(self, word: bytes) -> bool:
        """Return whether ``word`` may be one of this connection's streams."""
        if word not in self.streams and len(self.streams) < MOST_STREAMS and _STREAM.fullmatch(word):
            self.streams.add(word)
        return word in self.streams


class WordKind(NamedTuple):
    """Kind of a word: its longest size and its check. ``reads``: false for values that are only measured."""

    longest: int
    may_be: Callable[[bytes, ConnectionState], bool] = lambda word, connection_state: True
    reads: bool = True


Grammar = Generator[WordKind, bytes, None]


def literal(*allowed: bytes) -> WordKind:
    """Return the kind of a word that is one of these."""
    return WordKind(max(map(len, allowed)), lambda word, connection_state: word in allowed)


def at_most(most: int) -> WordKind:
    """Return the kind of a number from 1 to ``most``."""
    return WordKind(len(str(most)), lambda word, connection_state: word.isdigit() and 0 < int(word) <= most)


_GROUP_WORD: Final = literal(GROUP.encode())
_CONSUMER_WORD: Final = WordKind(
    LONGEST_CONSUMER, lambda word, connection_state: connection_state.is_consumer(word)
)
_STREAM_WORD: Final = WordKind(_LONGEST_KEY, lambda word, connection_state: connection_state.is_stream(word))
_KEY_WORD: Final = WordKind(_LONGEST_KEY, lambda word, connection_state: _KEY.fullmatch(word) is not None)
_LIVE_WORD: Final = WordKind(_LONGEST_KEY, lambda word, connection_state: _LIVE.fullmatch(word) is not None)
_WORKERS_WORD: Final = WordKind(_LONGEST_KEY, lambda word, connection_state: _WORKERS.fullmatch(word) is not None)
_CLIENT_WORD: Final = WordKind(20, lambda word, connection_state: connection_state.is_client(word))
_NUMBER_WORD: Final = WordKind(16, lambda word, connection_state: _NUMBER.fullmatch(word) is not None)
_KINDS: Final[Mapping[str, WordKind]] = {
    "group": _GROUP_WORD,
    "consumer": _CONSUMER_WORD,
    "stream": _STREAM_WORD,
    "key": _KEY_WORD,
    "live": _LIVE_WORD,
    "number": _NUMBER_WORD,
    "free": WordKind(3, lambda word, connection_state: word.isdigit() and int(word) <= MOST_TAKEN),
    "value": WordKind(_LONGEST_VALUE),
    "notice": WordKind(LONGEST_NOTICE, reads=False),
    "failure": WordKind(LONGEST_FAILURE, reads=False),
    "status": WordKind(LONGEST_STATUS, reads=False),
}

_ENDING: Final = "value number number number"
_CALLS: Final[Mapping[str, tuple[str, str]]] = {
    "groups": ("stream*", ""),
    "take": ("stream*", "group consumer free"),
    "leftovers": ("stream*", "group consumer free number*"),
    "glance": ("key stream*", "group"),
    "others": ("stream*", "group consumer value"),
    "borrow": ("stream", "value"),
    "partials": ("stream*", "group consumer free number"),
    "sweep": ("key stream*", "group consumer free number number"),
    "renew": ("stream", "group consumer value*"),
    "finish": ("key stream key key", f"{_ENDING} notice"),
    "fail": ("key stream key key key", f"{_ENDING} failure consumer number"),
    "hypothesis": ("key", "number notice"),
    "leave": ("key stream*", "consumer"),
    "heartbeat": ("key", "consumer status"),
    "alive": ("key live*", "consumer number status"),
    "feeds": ("live*", "number*"),
    "answers": ("key*", "notice*"),
}
"""Keys and arguments of each script, as ``worker/broker/jobs.py`` passes them; ``*``: zero or more."""


def grammar(name: bytes, count: int, scripts: Mapping[bytes, str]) -> Grammar:
    """Return the grammar of the words after ``name`` in a command of ``count`` words. Raises ``Forbidden``.

    ``scripts``: names of the scripts that a worker may run, by digest.
    """
    if count > _MOST_WORDS:
        raise Forbidden("a worker sends no command of so many words")
    match name.upper():
        case b"PING" | b"TIME":
            return _fixed_grammar(count)
        case b"INFO":
            return _fixed_grammar(count, literal(b"server"))
        case b"HVALS":
            return _fixed_grammar(count, _WORKERS_WORD)
        case b"HDEL":
            return _fixed_grammar(count, _WORKERS_WORD, _CONSUMER_WORD)
        case b"CLIENT":
            return _client(count)
        case b"SCRIPT":
            known = WordKind(
                _LONGEST_SCRIPT, lambda word, connection_state: sha1(word).hexdigest().encode() in scripts
            )
            return _fixed_grammar(count, literal(b"LOAD"), known)
        case b"EVALSHA":
            return _call(count, scripts)
        case b"XREADGROUP" | b"XREAD" as reads:
            return _READS[reads](count)
    raise _refusal(name)


def _refusal(name: bytes) -> Forbidden:
    return Forbidden(f"a worker may not send {name[:20].decode('ascii', 'replace')!r} to the broker in this form")


def _fixed_grammar(count: int, *kinds: WordKind) -> Grammar:
    if count != 1 + len(kinds):
        raise Forbidden("a worker sends this command with another number of words")
    for kind in kinds:  # noqa: UP028 - a tuple takes no words
        yield kind


def _client(count: int) -> Grammar:
    value = WordKind(_LONGEST_VALUE)
    kinds = {b"SETINFO": (value, value), b"SETNAME": (value,), b"ID": (), b"UNBLOCK": (_CLIENT_WORD,)}
    yield from _fixed_grammar(count - 1, *kinds[(yield literal(*kinds))])


def _call(count: int, scripts: Mapping[bytes, str]) -> Grammar:
    digest = yield WordKind(40, lambda word, connection_state: word.lower() in scripts)
    keys, arguments = _CALLS[scripts[digest.lower()]]
    number = int((yield at_most(MOST_STREAMS + 2)))
    yield from _kinds(keys.split(), number)
    yield from _kinds(arguments.split(), count - 3 - number)


def _kinds(pattern: list[str], number: int) -> Grammar:
    """Yield the kinds of ``pattern``, whose last kind may repeat."""
    repeated = pattern.pop() if pattern and pattern[-1].endswith("*") else ""
    more = number - len(pattern)
    if more < 0 or (more and not repeated):
        raise Forbidden("a worker passes another number of keys and arguments to this script")
    for name in (*pattern, *[repeated.rstrip("*")] * more):
        yield _KINDS[name]


def _wait(count: int) -> Grammar:
    """Yield the grammar of a blocking read of streams of live speech, from their beginning."""
    used = 1
    while (option := (yield literal(b"COUNT", b"BLOCK", b"STREAMS"))) != b"STREAMS":
        yield literal(b"1") if option == b"COUNT" else _NUMBER_WORD
        used += 2
    streams, odd = divmod(count - used - 1, 2)
    if odd or not 0 < streams <= MOST_STREAMS:
        raise Forbidden("a worker reads from one stream to eight")
    for kind in (*[_LIVE_WORD] * streams, *[literal(b"0")] * streams):  # noqa: UP028 - as above
        yield kind


def _read_grammar(count: int) -> Grammar:
    """Yield the grammar of a blocking read of new entries in the workers' group, with acknowledgement.

    NOACK would lose jobs; an id instead of ``>`` would count a delivery of another worker's job.
    """
    yield literal(b"GROUP")
    yield _GROUP_WORD
    yield _CONSUMER_WORD
    used = 5
    while (option := (yield literal(b"COUNT", b"BLOCK", b"STREAMS"))) != b"STREAMS":
        yield at_most(MOST_TAKEN) if option == b"COUNT" else _NUMBER_WORD
        used += 2
    streams, odd = divmod(count - used, 2)
    if odd or not 0 < streams <= MOST_STREAMS:
        raise Forbidden("a worker reads from one stream to eight")
    for kind in (*[_STREAM_WORD] * streams, *[literal(b">")] * streams):  # noqa: UP028 - as above
        yield kind


_READS: Final[Mapping[bytes, Callable[[int], Grammar]]] = {b"XREADGROUP": _read_grammar, b"XREAD": _wait}
