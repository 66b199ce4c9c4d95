"""What dead letters keep of sessions that nobody wants any more, or that have their texts: audio."""

from collections.abc import Collection
from typing import Final

from backend.jobs import Jobs

_PAGE: Final = 16  # each has at most a mebibyte of audio
_MOST: Final = 10_000


async def drop_letters(jobs: Jobs, sessions: Collection[str]) -> int:
    """Delete those of these sessions; how many they were. Raises ``BrokerError`` or ``ProtocolError``."""
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
