from collections.abc import Callable

import numpy as np

from app.capture.microphone import MicrophoneChange
from app.dictation.recorder import Recorder
from app.onboarding.actions import TryGateway, TryMicrophone
from app.onboarding.trials import EarlyTrials, Trying
from app.onboarding.view import GatewayTrial, Hearing, MicrophoneTrial, TrialView
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
        Trying(told.append, recorder, play, lambda: None, "") as trying,
    ):
        trying.ask(TryGateway(NOWHERE))
        assert told == [GatewayTrial(NOWHERE)]
        trying.ask(TryMicrophone(True))
        hears = MicrophoneTrial(Hearing.OPENING)
        assert hears in told
        await wait_until(lambda: devices.open_now == 1, "the microphone is open")
    trials = [view for view in told if isinstance(view, MicrophoneTrial)]
    assert trials[-1] == MicrophoneTrial()


async def test_early_trials_begin_later() -> None:
    told: list[TrialView] = []

    def nothing(change: MicrophoneChange) -> None: ...

    async def play(sound_at: Callable[[int], bytes], began: Callable[[], None]) -> None: ...

    early, devices = EarlyTrials(), FakeDevices(np.ones(1_000, np.int16))
    early.ask(TryMicrophone(False))
    early.ask(TryMicrophone(True))
    async with (
        Recorder(devices, nothing) as recorder,
        Trying(told.append, recorder, play, lambda: None, "") as trying,
    ):
        early.begin(trying)
        await wait_until(lambda: devices.open_now == 1, "the microphone is open")
        early.ask(TryMicrophone(False))
        await wait_until(lambda: devices.open_now == 0, "it is closed")
