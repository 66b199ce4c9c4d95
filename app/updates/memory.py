"""Stored knowledge about newer versions, and the time of the next question to the index.

The decisions are pure. ``runtime.whole_file`` keeps the knowledge in a file.
"""

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from app.updates.index import Release, ReleaseIndex, is_newer, newest

DAY_S: Final = 86_400.0


class Memory(Struct, frozen=True):
    """The last question (``asked_s``), the newest index seen (``made_s``), and its newest version.

    ``announced``: the version that was announced to the user last. ``answered_s``: the last question that was
    answered.
    """

    asked_s: float = 0.0
    made_s: int = 0
    release: Release | None = None
    announced: str = ""
    answered_s: float = 0.0


def wait_s(memory: Memory, now_s: float) -> float:
    """Return how long to wait before the next question, at most a day, whatever the clock did."""
    return min(max(0.0, memory.asked_s + DAY_S - now_s), DAY_S)


def settled(memory: Memory, now_s: float) -> Memory:
    """Return the memory with no question in the future, after the clock was set back."""
    return replace(memory, asked_s=min(memory.asked_s, now_s), answered_s=min(memory.answered_s, now_s))


def learned(memory: Memory, index: ReleaseIndex, installed: str) -> Memory:
    """Return the memory updated from an index, the answer to the last question."""
    made_s, release = max(memory.made_s, index.made_s), newest(index, installed)
    return replace(memory, made_s=made_s, release=release, answered_s=memory.asked_s)


def offer(memory: Memory, installed: str) -> Release | None:
    """Return the known version, if it is newer than the installed one."""
    release = memory.release
    return release if release and is_newer(release.version, installed) else None
