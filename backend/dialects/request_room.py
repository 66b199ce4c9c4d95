"""Room for the files of requests, from their first byte to the answer: of one key, and in all."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from backend.core.errors import OverQuota
from backend.core.refusal import Refusal, RefusalReason
from backend.rest.file_settings import FileSettings

RETRY_S: Final = 10.0

Take = Callable[[int], None]
"""Takes room for so many more bytes. Raises ``OverQuota``."""


class RequestRoom:
    """Room for the files of all current requests, over every API. The counters have no other keys."""

    def __init__(self, settings: FileSettings) -> None:
        self._settings = settings
        self.files: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()

    @contextmanager
    def place(self, owner: str) -> Iterator[Take]:
        """Hold a place for one file of this key; yield a function that reserves bytes. Raises ``OverQuota``."""
        most = self._settings.requests_of_key, self._settings.requests
        if (whose := self._over(self.files, owner, 1, most)) is not None:
            message = f"too many files{whose} are being recognised: send this one later"
            raise OverQuota(Refusal(429, RefusalReason.CONNECTIONS, message, RETRY_S))
        taken = 0

        def take(more: int) -> None:
            nonlocal taken
            self._check_bytes(owner, more)
            self.bytes[owner] += more
            taken += more

        self.files[owner] += 1
        try:
            yield take
        finally:
            _give_back(self.files, owner, 1)
            _give_back(self.bytes, owner, taken)

    def _check_bytes(self, owner: str, more: int) -> None:
        most = self._settings.request_bytes
        if (whose := self._over(self.bytes, owner, more, (most // 2, most))) is not None:
            message = f"files{whose} that are being recognised leave no room for this one: send it later"
            raise OverQuota(Refusal(503, RefusalReason.MEMORY, message, RETRY_S))

    def _over(self, held: Counter[str], owner: str, more: int, most: tuple[int, int]) -> str | None:
        """Return the limit that ``more`` would exceed: the key's, or that of all keys; ``None``: neither."""
        if held[owner] + more > most[0]:
            return " of this key"
        return "" if held.total() + more > most[1] else None


def _give_back(held: Counter[str], owner: str, less: int) -> None:
    held[owner] -= less
    if not held[owner]:
        del held[owner]
