"""All trials of the first steps. Belongs to the event loop that entered it."""

from collections.abc import Callable
from typing import Self

from app.onboarding.actions import Trial, TryGateway
from app.onboarding.gateway_trial import GatewayTrying
from app.onboarding.microphone_trial import Attended, MicrophoneTrying, PlayAloud
from app.onboarding.view import TrialView


class Trying:
    """An async context manager for trials. ``look`` refreshes the list of microphones.

    ``key``: the key to present to gateways.
    """

    def __init__(
        self,
        post: Callable[[TrialView], None],
        recorder: Attended,
        play: PlayAloud,
        look: Callable[[], None],
        key: str,
    ) -> None:
        self.microphone = MicrophoneTrying(recorder, post, play, look)
        self.gateway = GatewayTrying(post, key)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.microphone.close()
        await self.gateway.close()

    def ask(self, trial: Trial) -> None:
        """Start or stop a trial; returns at once."""
        if isinstance(trial, TryGateway):
            self.gateway.want(trial.url)
        else:
            self.microphone.ask(trial)


class EarlyTrials:
    """A buffer for trials requested before they can run; the last request of each kind counts."""

    def __init__(self) -> None:
        self._trying: Trying | None = None
        self._early: dict[type, Trial] = {}

    def begin(self, trying: Trying) -> Trying:
        """Forward the buffered trials and all later ones."""
        self._trying = trying
        for trial in self._early.values():
            trying.ask(trial)
        self._early.clear()
        return trying

    def ask(self, trial: Trial) -> None:
        """Forward or buffer a trial; returns at once."""
        if self._trying is None:
            self._early[type(trial)] = trial
        else:
            self._trying.ask(trial)
