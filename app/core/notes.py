"""Define messages for the user that name a translated text."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Note:
    """A message for the user: the key of a translated text, and the values to fill in.

    ``reason``: another note whose text fills {reason}.
    """

    key: str
    values: Mapping[str, str] = field(default_factory=dict)
    reason: "Note | None" = None
