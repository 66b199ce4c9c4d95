"""Source texts of this worker's scripts, as they are loaded into the broker."""

from importlib.resources import files
from typing import Final

from protocol.errors import ErrorCode
from protocol.job import (
    DEAD_BYTES,
    DEAD_ENTRIES,
    DEAD_MS,
    GROUP,
    LEASE_MS,
    LEAST_NOTICE,
    SESSION_TTL_MS,
    SWEEP_MS,
    WORKER_GONE_MS,
)

RETURNED: Final = "returned"
"""Consumer name of entries that were handed back and wait for a sweep."""

_NUMBERS: Final = {
    "SESSION_TTL_MS": SESSION_TTL_MS,
    "LEASE_MS": LEASE_MS,
    "CLAIMABLE_MS": 3_600_000,
    "SWEEP_LOCK_MS": SWEEP_MS * 3 // 4,  # the shortest interval between a worker's sweeps
    "WORKER_GONE_MS": WORKER_GONE_MS,
    "LEAST_NOTICE": LEAST_NOTICE,
    "DEAD_ENTRIES": DEAD_ENTRIES,
    "DEAD_BYTES": DEAD_BYTES,
    "DEAD_MS": DEAD_MS,
}
_READ_ONLY: Final = ("glance", "others", "borrow")
_PARTS: Final = {
    "groups": ("groups",),
    "take": ("take",),
    "leftovers": ("leftovers",),
    "glance": ("glance",),
    "others": ("others",),
    "borrow": ("borrow",),
    "partials": ("names", "partials"),
    "sweep": ("names", "sweep"),
    "renew": ("renew",),
    "finish": ("names", "notice", "segment", "finish"),
    "fail": ("names", "notice", "segment", "fail"),
    "hypothesis": ("names", "notice", "hypothesis"),
    "leave": ("names", "leave"),
    "heartbeat": ("heartbeat",),
    "alive": ("names", "alive"),
    "feeds": ("names", "feeds"),
    "answers": ("names", "notice", "answers"),
}


def load_scripts() -> dict[str, str]:
    """Return the scripts by name. Ending a job frees memory, so every script must run on a full broker."""
    folder = files("worker") / "lua"

    def text(name: str) -> str:
        flags = "no-writes,allow-oom" if name in _READ_ONLY else "allow-oom"
        parts = [(folder / f"{part}.lua").read_text("utf-8") for part in _PARTS[name]]
        return "\n".join((f"#!lua flags={flags}", *_constants("\n".join(parts)), *parts))

    return {name: text(name) for name in _PARTS}


def _constants(script: str) -> list[str]:
    """Return the declarations of the constants that a script uses; they are the same for all workers."""
    codes = " ".join(code.value for code in ErrorCode)
    values = {"GROUP": f"'{GROUP}'", "RETURNED": f"'{RETURNED}'", "ERROR_CODES": f"' {codes} '"}
    values |= {name: str(number) for name, number in _NUMBERS.items()}
    return [f"local {name} = {value}" for name, value in values.items() if name in script]
