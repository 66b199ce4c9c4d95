"""Way of actions to what is created after those who ask for them: the app, and its services."""

from collections import deque
from collections.abc import Callable
from typing import Final

from app.messages.actions import Action

MOST: Final = 64


class ActionQueue:
    """Queue in which actions wait until somebody performs them; then they are passed on at once.

    Of too many, the newest are kept.
    """

    def __init__(self) -> None:
        self._early: deque[Action] = deque(maxlen=MOST)
        self.hold()

    def ask(self, action: Action) -> None:
        """Pass an action on, or keep it."""
        self._pass_on(action)

    def hold(self) -> None:
        """Keep actions from now on."""
        self._pass_on: Callable[[Action], None] = self._early.append

    def begin(self, pass_on: Callable[[Action], None]) -> None:
        """Pass on the actions that wait, then every other one."""
        self._pass_on = pass_on
        while self._early:
            pass_on(self._early.popleft())
