"""Valid messages of Vosk's protocol, as the gateway reads them, and judged replies."""

import random

import msgspec
import pytest

from backend.dialects.vosk.messages import VoskConfig, partial_reply, result_reply, vosk_text
from loadtest.scenarios.fuzzing.answers import Judged
from loadtest.scenarios.fuzzing.dialects.vosk import judge, ordinary


@pytest.mark.parametrize("seed", range(5))
def test_ordinary_messages_are_valid(seed: int) -> None:
    for item in ordinary(random.Random(seed)):
        if isinstance(item, dict):
            vosk_text(msgspec.json.encode(item).decode(), VoskConfig())


def test_replies_have_a_text() -> None:
    assert judge(partial_reply("so far").encode()) == judge(result_reply(VoskConfig(), []).encode()) == Judged()
    assert judge(result_reply(VoskConfig(alternatives=True), []).encode()) == Judged()
    assert judge(b"{}").fault and judge(b"no").fault
