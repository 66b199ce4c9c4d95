"""Every pattern of a REST parameter has words."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import inspect

from protocol.forms import WORDS
from protocol.recognition import Options
from protocol.rest import ExportQuery, ListQuery, SearchQuery, SubmittedFields, UsageQuery


def patterns(kind: Any) -> Iterator[str]:
    """Yield the patterns of a type and of all types within it."""
    if getattr(kind, "pattern", None):
        yield kind.pattern
    inner = [getattr(kind, "type", None), getattr(kind, "item_type", None), *getattr(kind, "types", ())]
    for one in (*inner, *(field.type for field in getattr(kind, "fields", ()))):
        if one is not None:
            yield from patterns(one)


@pytest.mark.parametrize("kind", [ExportQuery, ListQuery, Options, SearchQuery, SubmittedFields, UsageQuery])
def test_every_pattern_has_words(kind: type) -> None:
    found = set(patterns(inspect.type_info(kind)))
    assert found and found <= WORDS.keys()
