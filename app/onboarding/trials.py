"""All trials of the first steps, and repeated queries of a gateway. Belongs to the event loop that entered it."""

import asyncio
from collections.abc import Callable
from typing import Final, Self

from app.gateways.probe import ask
from app.gateways.view import GatewayHealth
from app.onboarding.actions import Trial, TryGateway
from app.onboarding.microphone_trial import MicrophoneTrialRunner, PlayAloud, TrialRecorder
from app.onboarding.view import GatewayTrial, TrialView
from client.connection import Address
from runtime.tasks import Tasks

AGAIN_S: Final = 5.0


async def look(address: Address) -> GatewayTrial:
    """Query the gateway once. Errors become a note."""
    answer = await ask(address)
    reached = answer.health in {GatewayHealth.WELL, GatewayHealth.NOBODY}
    if not reached:
        return GatewayTrial(address.url, note=answer.note)
    return GatewayTrial(address.url, True, answer.latency_ms, answer.workers)


class GatewayTrialRunner:
    """Repeated queries of a gateway on trial. ``post`` gets each result. ``key``: the key to present."""

    def __init__(self, post: Callable[[GatewayTrial], None], key: str, again_s: float = AGAIN_S) -> None:
        self._post, self._key, self._again_s = post, key, again_s
        self._tasks = Tasks("gateway trial")
        self._asking: asyncio.Task[None] | None = None

    def want(self, url: str) -> None:
        """Watch this gateway; an empty URL stops watching."""
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        if url:
            self._post(GatewayTrial(url))
            self._asking = self._tasks.start(self._ask(Address(url, self._key)), "ask")

    async def close(self) -> None:
        """Stop the queries. Safe to call twice."""
        self.want("")
        await self._tasks.close()

    async def _ask(self, address: Address) -> None:
        while True:
            self._post(await look(address))
            await asyncio.sleep(self._again_s)


class Trials:
    """An async context manager for trials. ``look`` refreshes the list of microphones.

    ``key``: the key to present to gateways.
    """

    def __init__(
        self,
        post: Callable[[TrialView], None],
        recorder: TrialRecorder,
        play: PlayAloud,
        look: Callable[[], None],
        key: str,
    ) -> None:
        self.microphone = MicrophoneTrialRunner(recorder, post, play, look)
        self.gateway = GatewayTrialRunner(post, key)

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
