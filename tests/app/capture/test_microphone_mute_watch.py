"""Digital silence of a device: noticed early from the start of a recording, later after sound."""

import pytest

from app.capture.microphone import MuteWatch
from protocol.audio import SAMPLE_RATE


@pytest.mark.parametrize(("heard", "enough_s"), [(False, 2), (True, 10)])
def test_silence_is_noticed_once_and_ends_with_sound(heard: bool, enough_s: int) -> None:
    watch, enough = MuteWatch(), enough_s * SAMPLE_RATE
    zeros = (enough - 1, enough, 2 * enough, 0, 0)
    seen = [(watch.changed_by(count, heard=heard or not count), watch.muted) for count in zeros]
    assert seen == [(False, False), (True, True), (False, True), (True, False), (False, False)]
