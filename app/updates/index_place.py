"""The place where this build looks for newer versions, and the keys that it believes. Pure.

Both are empty until the project has a public place. The maintainer enters them here before the first public
release; ``docs/release.md`` says how. The settings ``updates.url`` and ``updates.key`` replace both.
"""

from dataclasses import dataclass
from typing import Final

URL: Final = ""
"""Address of the index: https only."""
KEYS: Final[tuple[str, ...]] = ()
"""Public keys in Base64. A new key is added one release before the old one retires."""


@dataclass(frozen=True)
class IndexPlace:
    """The address of the index and the keys that may sign it."""

    url: str = ""
    keys: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Return whether an index can be fetched and verified."""
        return bool(self.url and self.keys)


def place_of(url: str, key: str) -> IndexPlace:
    """Return the place that the settings name, or that of this build for what they leave empty."""
    return IndexPlace(url or URL, (key,) if key else KEYS)
