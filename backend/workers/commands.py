"""Filter of a worker's commands in the tunnel. Pure.

The account at the broker limits commands and keys too; this filter is narrower. Keys are accessible only through
the scripts of this project's workers and through blocking reads of streams. Every argument has a length limit,
and a connection has one consumer name.

No worker can become another user of the broker: AUTH, HELLO and RESET are refused here, because the broker
allows them to every account, and its own user has no password.
"""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from backend.workers.calls import ConnectionState, Grammar, WordKind, grammar
from backend.workers.replies import Replies
from protocol.errors import Forbidden, MalformedMessage

MOST_UNANSWERED: Final = 8
"""Limit of unanswered commands per connection. A worker sends one at a time, except two at its start."""
_MOST_WORDS: Final = 10_000
_LONGEST_NAME: Final = 32
_LONGEST_HEADER: Final = 16
_END: Final = b"\r\n"
_NAME: Final = WordKind(_LONGEST_NAME)


def known_scripts() -> dict[bytes, str]:
    """Return the names of the scripts that workers may run (``worker_scripts.toml``), by SHA-1."""
    said = tomllib.loads((files("backend.workers") / "worker_scripts.toml").read_text("utf-8"))
    known = {digest: name for name, digests in said["earlier"].items() for digest in digests}
    known |= {digest: name for name, digest in said["scripts"].items()}
    return {digest.encode(): name for digest, name in known.items()}


class CommandGate:
    """Incremental check of a worker's commands, split at any byte; it buffers one word at most.

    A broker buffers commands behind a blocking read, and replies that are not read. Therefore the number of
    unanswered commands is limited.
    """

    def __init__(self, scripts: Mapping[bytes, str], connection_state: ConnectionState | None = None) -> None:
        self.connection_state = connection_state or ConnectionState()
        self._scripts = scripts
        self._replies = Replies()
        self._read = bytearray()
        self._count = 0  # words of this command; 0: between two commands
        self._left = 0  # words that have not begun yet
        self._grammar: Grammar | None = None
        self._kind = _NAME  # kind of the current or next word
        self._word: int | None = None  # length of the word being read
        self._skip = 0  # bytes left of a word that is only measured
        self._unanswered = 0

    def feed(self, data: bytes) -> None:
        """Check data. Raises ``Forbidden`` or ``MalformedMessage`` before the last byte of a forbidden command."""
        self._read += data
        while self._step():
            pass

    def count_replies(self, data: bytes) -> None:
        """Count replies of the broker. Raises ``ValueError`` for malformed replies."""
        self._unanswered -= self._replies.feed(data)

    def _step(self) -> bool:
        if self._skip:
            skipped = min(self._skip, len(self._read))
            del self._read[:skipped]
            self._skip -= skipped
            return self._skip == 0 and self._next(b"")
        if self._word is not None:
            return self._take_word(self._word)
        if not self._read:
            return False
        number = self._header(b"$" if self._count else b"*")
        if number is None:
            return False
        if self._count:
            return self._begin_word(number)
        return self._begin(number)

    def _header(self, sign: bytes) -> int | None:
        line, end, _ = bytes(self._read[: _LONGEST_HEADER + 2]).partition(_END)
        if not end and len(line) <= _LONGEST_HEADER and b"\r" not in line[:-1]:
            return None
        if not end or line[:1] != sign or not line[1:].isdigit():
            raise MalformedMessage("not a command of the broker's protocol")
        del self._read[: len(line) + 2]
        return int(line[1:])

    def _begin(self, count: int) -> bool:
        if not 1 <= count <= _MOST_WORDS:
            raise MalformedMessage("not a command of the broker's protocol")
        if self._unanswered >= MOST_UNANSWERED:
            raise Forbidden("a worker sends no more before it is answered")
        self._count = self._left = count
        self._grammar, self._kind = None, _NAME
        return True

    def _begin_word(self, length: int) -> bool:
        self._left -= 1
        if length > self._kind.longest:
            raise Forbidden(f"a worker sends no word of {length} bytes there")
        if self._kind.reads:
            self._word = length
        else:
            self._skip = length + len(_END)
        return True

    def _take_word(self, length: int) -> bool:
        if len(self._read) < length + len(_END):
            return False
        word = bytes(self._read[:length])
        del self._read[: length + len(_END)]
        self._word = None
        if not self._kind.may_be(word, self.connection_state):
            raise Forbidden(f"a worker may not send {word[:20].decode('ascii', 'replace')!r} there")
        return self._next(word)

    def _next(self, word: bytes) -> bool:
        """Advance the grammar by a finished word."""
        try:
            if self._grammar is None:
                self._grammar = grammar(word, self._count, self._scripts)
                self._kind = next(self._grammar)
            else:
                self._kind = self._grammar.send(word)
        except StopIteration:
            if self._left:
                raise Forbidden("a worker sends this command with fewer words") from None
            self._count = 0
            self._unanswered += 1
        else:
            if not self._left:
                raise Forbidden("a worker sends this command with more words")
        return True
