"""Valid messages of FunASR's protocol, as the gateway reads them, and judged answers."""

import random

import msgspec
import pytest

from backend.dialects.funasr.messages import Config, client_text, failed, online
from loadtest.scenarios.fuzzing.answers import Judged
from loadtest.scenarios.fuzzing.dialects.funasr import judge, ordinary


@pytest.mark.parametrize("seed", range(5))
def test_ordinary_messages_are_valid(seed: int) -> None:
    config = Config()
    for item in ordinary(random.Random(seed)):
        if isinstance(item, dict):
            config = client_text(msgspec.json.encode(item).decode(), config).config
    assert config.format == "pcm"


def test_errors_are_objections_and_internal_ones_faults() -> None:
    assert judge(online(Config(), "text").encode()) == Judged()
    assert judge(failed(Config(), "busy", "later").encode()) == Judged("busy")
    assert judge(failed(Config(), "internal", "oh").encode()).fault
    assert judge(b'{"mode": "2pass"}').fault
