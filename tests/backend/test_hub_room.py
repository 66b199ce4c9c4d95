"""How much audio of all sessions together a gateway keeps while the broker takes none."""

from typing import Literal

import pytest

from backend.admission import AdmissionLimits
from backend.errors import TryLater
from backend.records import JobQueued
from backend.settings import GatewaySettings
from protocol.audio import encode_frame
from protocol.session import SegmentBegin, SegmentCancel, SegmentEnd
from tests.backend.test_hub import Scene


@pytest.mark.parametrize(("priority", "most"), [("interactive", 200), ("bulk", 100)])
async def test_more_than_a_gateway_may_hold_is_not_taken_until_the_broker_takes_some(
    priority: Literal["interactive", "bulk"], most: int
) -> None:
    scene = Scene(GatewaySettings(admission=AdmissionLimits(unqueued_bytes=2 * 200)))
    hosted = await scene.speak(most - 1, priority=priority)
    scene.hub.tick(1.0)
    scene.hub.frame(hosted, encode_frame(0, most - 1, bytes(2)))
    scene.hub.tick(2.0)
    with pytest.raises(TryLater):
        scene.hub.frame(hosted, encode_frame(0, most, bytes(2)))
    assert scene.hub.unqueued == hosted.session.unqueued == most
    scene.hub.receive(hosted, SegmentEnd(0, most))
    if priority == "interactive":
        await scene.jobs.answer("submit", JobQueued(0))
    else:
        scene.hub.receive(hosted, SegmentCancel(0))
    assert scene.hub.unqueued == 0
    scene.hub.tick(3.0)
    scene.hub.receive(hosted, SegmentBegin(1))
    scene.hub.frame(hosted, encode_frame(1, 0, bytes(2)))
    assert scene.hub.unqueued == 1
