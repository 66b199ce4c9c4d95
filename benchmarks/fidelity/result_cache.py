"""Results in a file beside the recordings, so that an interrupted run resumes."""

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_PROGRAMS: Final = ("app", "backend", "client", "protocol", "runtime", "speech", "worker")

_WHISPER: Final = (
    "worker/engines/whisper/*.py",
    "worker/engines/repetition*.py",
    "protocol/sentences.py",
)


class ResultCache:
    """JSON file of results by key. Results of uncommitted sources are forgotten after the run."""

    def __init__(self, place: Path, checkout: Path) -> None:
        self.revision = revision(checkout)
        self._place = place.with_name(f"{place.name}-{self.revision}.json")
        self._values: dict[str, Any] = {} if self.revision.endswith("+") else self._read()

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._values = {**self._read(), **self._values, key: value}  # another run may have written meanwhile
        fresh = self._place.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(self._values, ensure_ascii=False, indent=0), encoding="utf-8")
        fresh.replace(self._place)

    def _read(self) -> dict[str, Any]:
        if not self._place.exists():
            return {}
        values: dict[str, Any] = json.loads(self._place.read_text(encoding="utf-8"))
        return values


def revision(checkout: Path) -> str:
    """Return a digest of the committed programs of a checkout, with a plus sign if files differ from them."""
    git = ["git", "-C", str(checkout)]
    trees = subprocess.run([*git, "ls-tree", "HEAD", *_PROGRAMS], capture_output=True, check=True).stdout
    changes = subprocess.run([*git, "status", "--porcelain", "--", *_PROGRAMS], capture_output=True, check=True)
    return hashlib.sha256(trees).hexdigest()[:10] + ("+" if changes.stdout else "")


def whisper_digest(checkout: Path) -> str:
    """Return a digest of the sources of the engine whisper: decodes of other sources may differ."""
    sources = (source for pattern in _WHISPER for source in sorted(checkout.glob(pattern)))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:10]


def key_of(samples: NDArray[np.int16], *others: str) -> str:
    """Return a key for these samples under these conditions."""
    return " ".join((hashlib.sha256(samples.tobytes()).hexdigest()[:16], *others))
