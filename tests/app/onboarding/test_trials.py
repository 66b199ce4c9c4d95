from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
from aiohttp import web

from app.capture.microphone import MicrophoneChange
from app.core.notes import Note
from app.dictation.recorder import Recorder
from app.onboarding.actions import TryGateway, TryMicrophone
from app.onboarding.trials import GatewayTrialRunner, Trials, look
from app.onboarding.view import GatewayTrial, MicrophoneActivity, MicrophoneTrial, TrialView
from client.connection import Address
from tests.app.dictation.world import FakeDevices
from tests.helpers.waiting import wait_until

NOWHERE = "http://127.0.0.1:9"


async def test_trials_are_dispatched_by_kind_and_end_together() -> None:
    told: list[TrialView] = []

    def nothing(change: MicrophoneChange) -> None: ...

    async def play(sound_at: Callable[[int], bytes], began: Callable[[], None]) -> None: ...

    devices = FakeDevices(np.ones(1_000, np.int16))
    async with (
        Recorder(devices, nothing) as recorder,
        Trials(told.append, recorder, play, lambda: None, "") as trying,
    ):
        trying.ask(TryGateway(NOWHERE))
        assert told == [GatewayTrial(NOWHERE)]
        trying.ask(TryMicrophone(True))
        hears = MicrophoneTrial(MicrophoneActivity.OPENING)
        assert hears in told
        await wait_until(lambda: devices.open_now == 1, "the microphone is open")
    trials = [view for view in told if isinstance(view, MicrophoneTrial)]
    assert trials[-1] == MicrophoneTrial()


KEY = "a-key"
WORKER = {"worker": "w", "state": "idle", "engine": "whisper", "model": "whisper-base", "device": "RTX 5060 Ti"}


@asynccontextmanager
async def gateway(*, ready: int = 200, kind: str = "application/json") -> AsyncIterator[str]:
    """Serve the answers of ``backend.gateway``, and yield the address."""

    async def readiness(request: web.Request) -> web.Response:
        return web.Response(status=ready, text='{"ready": true, "workers": 1}', content_type=kind)

    async def workers(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response({"error": "unauthorised"}, status=401)
        return web.json_response({"workers": [WORKER] if ready == 200 else []})

    app = web.Application()
    app.add_routes([web.get("/readyz", readiness), web.get("/v1/workers", workers)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_look_reports_workers_and_latency() -> None:
    async with gateway() as url:
        seen = await look(Address(url + "/", KEY))
    assert (seen.url, seen.reached, seen.note) == (url + "/", True, None)
    assert seen.workers == ("RTX 5060 Ti · whisper-base",)
    assert seen.latency_ms > 0


async def test_gateway_without_workers_counts_as_reached() -> None:
    async with gateway(ready=503) as url:
        seen = await look(Address(url, KEY))
    assert (seen.reached, seen.workers) == (True, ())


async def test_look_reports_the_problem() -> None:
    async with gateway() as url:
        assert await look(Address(url, "another")) == GatewayTrial(url, note=Note("gateway-unauthorised"))
    assert await look(Address(url, KEY)) == GatewayTrial(url, note=Note("gateway-unreachable"))
    for ready, kind in ((200, "text/html"), (404, "application/json")):
        async with gateway(ready=ready, kind=kind) as url:
            assert await look(Address(url, KEY)) == GatewayTrial(url, note=Note("gateway-refuses"))


async def test_gateway_is_queried_repeatedly_while_wanted() -> None:
    told: list[GatewayTrial] = []
    trying = GatewayTrialRunner(told.append, KEY, again_s=0.01)
    async with gateway() as url:
        trying.want(url)
        assert told == [GatewayTrial(url)]
        await wait_until(lambda: sum(view.reached for view in told) > 1, "it is reached again and again")
    await wait_until(lambda: told[-1].note == Note("gateway-unreachable"), "it has gone")
    trying.want("")
    count = len(told)
    await trying.close()
    assert len(told) == count
