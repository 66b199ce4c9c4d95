"""What a worker may say to the broker through the tunnel. Pure.

The account of the broker limits commands and keys too. This here is narrower: keys are reached by the scripts that
this project's workers have, by waiting for what is new in a stream, and by nothing else; nobody becomes another
user of the broker (AUTH, HELLO and RESET are allowed to every account, and the embedded broker's own user has no
password).
"""

import tomllib
from collections.abc import Sequence, Set
from hashlib import sha1
from importlib.resources import files
from typing import Final

from protocol.errors import Forbidden, MalformedMessage
from protocol.job import GROUP, WORKERS_KEY

_READ_WORDS: Final = 3
_MOST_OF_A_READ: Final = 64  # words of an XREADGROUP, all of which are read
_MOST_WORDS: Final = 10_000
_LONGEST_WORD: Final = 64 * 1024  # of those that are read: a script
_LONGEST_COMMAND: Final = 1024 * 1024  # the longest is the result of a minute of speech: some ten thousand bytes
_MOST_UNANSWERED: Final = 2 * _LONGEST_COMMAND  # a worker sends one command, and waits for its answer
_LONGEST_HEADER: Final = 16
_END: Final = b"\r\n"
_WORKERS: Final = WORKERS_KEY.encode()


def known_digests() -> frozenset[bytes]:
    """SHA-1 of every script that a worker may run: those of ``worker_scripts.toml``."""
    text = (files("backend") / "worker_scripts.toml").read_text("utf-8")
    return frozenset(digest.encode() for digest in tomllib.loads(text)["scripts"].values())


def may_say(words: Sequence[bytes], count: int, digests: Set[bytes]) -> bool:
    """Whether a worker may send a command of ``count`` words, of which these are the first ones."""
    name, rest = words[0].upper(), tuple(words[1:])
    if name in (b"PING", b"TIME"):
        return count == 1
    if name == b"XREADGROUP":
        return len(words) == count and _waits_for_new(rest)
    if name == b"EVALSHA":
        return rest[:1] != () and rest[0].lower() in digests
    if name == b"SCRIPT":
        return count == 3 and rest[0].upper() == b"LOAD" and sha1(rest[1]).hexdigest().encode() in digests
    if name in (b"HVALS", b"HDEL"):
        return rest[:1] == (_WORKERS,)
    if name == b"CLIENT":
        return rest[:1] != () and rest[0].upper() in (b"SETINFO", b"SETNAME")
    return name == b"INFO" and count == 2 and rest == (b"server",)


def _waits_for_new(rest: Sequence[bytes]) -> bool:
    """Whether entries that are read become this group's to finish.

    NOACK would give a job to nobody, for ever; an id instead of ``>`` counts one more delivery of another's job.
    """
    streams = rest[3:]
    while streams[:1] in ((b"COUNT",), (b"BLOCK",)):
        streams = streams[2:]
    half, odd = divmod(len(streams), 2)
    if rest[:2] != (b"GROUP", GROUP.encode()) or streams[:1] != (b"STREAMS",):
        return False
    return odd == 1 and set(streams[half + 1 :]) == {b">"}


class CommandGate:
    """Reads along what a worker sends, however it is cut; keeps the first words of one command at most.

    A broker keeps in its memory what comes behind a read that waits: what it has not answered has a bound.
    """

    def __init__(self, digests: Set[bytes]) -> None:
        self._digests = digests
        self._read = bytearray()
        self._count = 0  # words of this command; 0: between two
        self._left = 0  # of them, those that did not begin yet
        self._words: list[bytes] = []
        self._word: int | None = None  # length of a word that is read
        self._skip = 0  # bytes of one that is not
        self._length = 0  # of the words of this command, as far as they began
        self._unanswered = 0  # bytes since the broker said anything

    def feed(self, data: bytes) -> None:
        """Raises ``Forbidden`` or ``MalformedMessage`` before the last byte of what may not be sent."""
        self._unanswered += len(data)
        if self._unanswered > _MOST_UNANSWERED:
            raise Forbidden("a worker sends no more before it is answered")
        self._read += data
        while self._step():
            pass

    def answered(self) -> None:
        """The broker said something: while a read waits, it says nothing."""
        self._unanswered = 0

    def _step(self) -> bool:
        if self._skip:
            skipped = min(self._skip, len(self._read))
            del self._read[:skipped]
            self._skip -= skipped
            return self._skip == 0 and self._next()
        if self._word is not None:
            return self._take_word(self._word)
        if not self._read:
            return False
        number = self._header(b"$" if self._count else b"*")
        if number is None:
            return False
        if self._count:
            return self._begin_word(number)
        if not 1 <= number <= _MOST_WORDS:
            raise MalformedMessage("not a command of the broker's protocol")
        self._count = self._left = number
        return True

    def _header(self, sign: bytes) -> int | None:
        line, end, _ = bytes(self._read[: _LONGEST_HEADER + 2]).partition(_END)
        if not end and len(line) <= _LONGEST_HEADER and b"\r" not in line[:-1]:
            return None
        if not end or line[:1] != sign or not line[1:].isdigit():
            raise MalformedMessage("not a command of the broker's protocol")
        del self._read[: len(line) + 2]
        return int(line[1:])

    def _begin_word(self, length: int) -> bool:
        self._left -= 1
        self._length += length
        reads = len(self._words) < self._wanted()
        if self._length > _LONGEST_COMMAND or (reads and length > _LONGEST_WORD):
            raise Forbidden("a worker sends no command of this length")
        if reads:
            self._word = length
        else:
            self._skip = length + len(_END)
        return True

    def _take_word(self, length: int) -> bool:
        if len(self._read) < length + len(_END):
            return False
        self._words.append(bytes(self._read[:length]))
        del self._read[: length + len(_END)]
        self._word = None
        if len(self._words) == self._wanted() and not may_say(self._words, self._count, self._digests):
            name = self._words[0][:20].decode("ascii", "replace")
            raise Forbidden(f"a worker may not say {name!r} to the broker, or not so")
        return self._next()

    def _wanted(self) -> int:
        """How many words of this command decide whether it may pass."""
        whole = self._words and self._words[0].upper() == b"XREADGROUP"
        return min(_MOST_OF_A_READ if whole else _READ_WORDS, self._count)

    def _next(self) -> bool:
        if not self._left:
            self._count = self._length = 0
            self._words.clear()
        return True
