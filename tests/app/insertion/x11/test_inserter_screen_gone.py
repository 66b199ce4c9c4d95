"""An insertion whose clicks cannot be counted any more, without an X server."""

from collections.abc import Callable
from typing import Any, cast
from unittest.mock import Mock

from app.insertion.outcome import Insertion, InsertionResult, Target
from app.insertion.plan import Rules
from app.insertion.x11.inserter import X11Inserter
from app.x11.connection import X11Connection, XThread
from app.x11.errors import X11Gone


class Answering(XThread):
    """Thread that answers each piece of work with the same result or error."""

    def __init__(self, answer: Insertion | X11Gone) -> None:
        super().__init__(None)
        self._reply = answer

    async def call(self, work: Callable[[X11Connection], Any]) -> Any:
        if isinstance(self._reply, X11Gone):
            raise self._reply
        return self._reply


async def test_text_that_was_pasted_before_a_connection_was_lost_counts_as_pasted() -> None:
    pasted, parts = Insertion(InsertionResult.PASTED), cast(Any, (Mock(), Mock(), Mock()))
    inserter = X11Inserter(Answering(X11Gone()), Answering(pasted), parts)
    try:
        assert await inserter.insert("hello", Target(1), Rules()) == pasted
    finally:
        await inserter.close()
