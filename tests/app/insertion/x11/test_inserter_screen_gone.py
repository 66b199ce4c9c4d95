"""An insertion whose clicks cannot be counted any more, without an X server."""

from collections.abc import Callable
from typing import Any, cast

from app.insertion.errors import ScreenGone
from app.insertion.outcome import Insertion, InsertionResult, Target
from app.insertion.plan import Rules
from app.insertion.x11.connection import X11Connection, XThread
from app.insertion.x11.inserter import X11Inserter


class Answering(XThread):
    """Thread that answers each piece of work with the same result or error."""

    def __init__(self, answer: Insertion | ScreenGone) -> None:
        super().__init__(None)
        self._answer = answer

    async def call(self, work: Callable[[X11Connection], Any]) -> Any:
        if isinstance(self._answer, ScreenGone):
            raise self._answer
        return self._answer


async def test_text_that_was_pasted_before_a_connection_was_lost_counts_as_pasted() -> None:
    pasted, parts = Insertion(InsertionResult.PASTED), cast(Any, (None, None, None))
    inserter = X11Inserter(Answering(ScreenGone()), Answering(pasted), parts)
    try:
        assert await inserter.insert("hello", Target(1), Rules()) == pasted
    finally:
        await inserter.close()
