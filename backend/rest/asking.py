"""How the history is asked from the event loop."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:  # its database's library is loaded where there is a history
    from backend.history.store import Store

T = TypeVar("T")


class Asks(Protocol):
    """The history, in a thread of its own."""

    async def ask(self, question: "Callable[[Store], T]", /) -> T:
        """The answer of the store. Raises a ``HistoryError``."""
        ...
