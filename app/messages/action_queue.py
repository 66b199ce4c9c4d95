"""Way of actions from the windows to the app, which is created after them."""

from collections import deque
from collections.abc import Callable
from typing import Final

from app.messages.actions import Action

MOST: Final = 64


class ActionQueue:
    """Queue in which actions wait until the app exists; then they are passed on at once.

    Of too many, the newest are kept.
    """

    def __init__(self) -> None:
        self._early: deque[Action] = deque(maxlen=MOST)
        self._pass_on: Callable[[Action], None] = self._early.append

    def ask(self, action: Action) -> None:
        """Pass an action to the app, or keep it."""
        self._pass_on(action)

    def begin(self, pass_on: Callable[[Action], None]) -> None:
        """Pass on the actions that wait, then every other one."""
        self._pass_on = pass_on
        while self._early:
            pass_on(self._early.popleft())
