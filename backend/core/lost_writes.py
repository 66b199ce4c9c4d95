"""Writes to a connection that was just lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_LOST: Final = ("'NoneType' object is not callable", "the handler is closed")


@contextmanager
def lost_writes() -> Iterator[None]:
    """Raise ``ConnectionResetError`` for a write in the context whose connection was just lost.

    The selector loop of Python 3.13 raises ``TypeError`` there, and uvloop ``RuntimeError``.
    """
    try:
        yield
    except (TypeError, RuntimeError) as error:
        if not str(error).endswith(_LOST):
            raise
        raise ConnectionResetError("the connection was lost during a write") from error
