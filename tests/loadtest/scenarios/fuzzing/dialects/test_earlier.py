"""Valid messages of the earlier server's protocol, as the gateway reads them, and judged answers."""

import json
import random

import pytest

from backend.dialects.earlier.messages import EarlierStart, client_message, failed, received
from loadtest.scenarios.fuzzing.answers import Judged
from loadtest.scenarios.fuzzing.dialects.earlier import judge, ordinary


@pytest.mark.parametrize("seed", range(5))
def test_ordinary_messages_are_valid(seed: int) -> None:
    read = [client_message(json.dumps(item)) for item in ordinary(random.Random(seed))]
    begun = [message.session_id for message in read if isinstance(message, EarlierStart)]
    assert len(set(begun)) == len(begun) >= 1
    assert all(message.session_id in begun for message in read)


def test_errors_are_objections_and_answers_without_words_faults() -> None:
    assert judge(received("a", 1).encode()) == Judged()
    assert judge(failed("a", "too late").encode()) == Judged("error")
    assert judge(failed("a", "").encode()).fault and judge(b'{"type": "ack"}').fault
