"""Names of the values that texts need."""

import re
from typing import Final

from app.core.sentences import Entry

_PLACEHOLDER: Final = re.compile(r"{([a-z_]+)}")


def placeholders(entry: Entry) -> set[str]:
    """Return the names of the values that a text needs."""
    forms = [entry] if isinstance(entry, str) else entry.values()
    return {name for form in forms for name in _PLACEHOLDER.findall(form)}
