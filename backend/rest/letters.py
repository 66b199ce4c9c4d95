"""Delete dead letters, which contain audio, of sessions that are deleted or done."""

from collections.abc import Collection
from typing import Final

from backend.broker.jobs import Jobs

_PAGE: Final = 16  # each letter has at most one mebibyte of audio
_MOST: Final = 10_000


async def drop_letters(jobs: Jobs, sessions: Collection[str]) -> int:
    """Delete the dead letters of these sessions, and return how many.

    Raises ``BrokerError`` or ``ProtocolError``.
    """
    dropped, before = 0, ""
    for _ in range(0, _MOST, _PAGE):
        letters = await jobs.dead_letters(_PAGE, before)
        for letter in letters:
            if letter.job.session in sessions:
                dropped += await jobs.drop_dead(letter.entry)
        if len(letters) < _PAGE:
            break
        before = letters[-1].entry
    return dropped
