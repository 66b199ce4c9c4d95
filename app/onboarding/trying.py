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
