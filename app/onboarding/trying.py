"""What the first steps try out, together. Belongs to the loop that entered it."""

from collections.abc import Callable
from typing import Self

from app.onboarding.actions import Trial, TryGateway
from app.onboarding.gateway import GatewayTrying
from app.onboarding.microphone import Attended, MicrophoneTrying, PlayAloud
from app.onboarding.view import TrialView


class Trying:
    """An async context manager. ``look`` has the list of microphones told anew; ``key`` is shown to gateways."""

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
        """What somebody wants; returns at once."""
        if isinstance(trial, TryGateway):
            self.gateway.want(trial.url)
        else:
            self.microphone.ask(trial)


class EarlyTrials:
    """Hands trials on once they can be made; of those asked for before, the last of each kind counts."""

    def __init__(self) -> None:
        self._trying: Trying | None = None
        self._early: dict[type, Trial] = {}

    def begin(self, trying: Trying) -> Trying:
        """Hand everything to it from now on."""
        self._trying = trying
        for trial in self._early.values():
            trying.ask(trial)
        self._early.clear()
        return trying

    def ask(self, trial: Trial) -> None:
        """Return at once."""
        if self._trying is None:
            self._early[type(trial)] = trial
        else:
            self._trying.ask(trial)
