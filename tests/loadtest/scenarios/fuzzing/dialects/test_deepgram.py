"""Valid messages of Deepgram's protocol, as the gateway reads them, and judged answers."""

import random

import msgspec
import pytest

from backend.dialects.deepgram.answers import encoded
from backend.dialects.deepgram.requests import client_message
from loadtest.scenarios.fuzzing.answers import Judged
from loadtest.scenarios.fuzzing.dialects.deepgram import judge, ordinary


@pytest.mark.parametrize("seed", range(5))
def test_ordinary_messages_are_valid(seed: int) -> None:
    for item in ordinary(random.Random(seed)):
        assert isinstance(item, bytes) or client_message(msgspec.json.encode(item).decode()) == item


def test_errors_are_objections() -> None:
    assert judge(encoded("UtteranceEnd").encode()) == Judged()
    assert judge(encoded("Error", variant="SchemaError", description="no").encode()) == Judged("SchemaError")
    failure = encoded("ConfigureFailure", code="CONFIGURE_KEYTERMS_NOT_SUPPORTED", description="no")
    assert judge(failure.encode()).objection
    assert judge(b"[]").fault
