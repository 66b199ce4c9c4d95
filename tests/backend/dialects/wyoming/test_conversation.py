"""Limits and options of a connection; ``tests/end_to_end/apis`` has the conversations."""

import asyncio

import numpy as np
import pytest

from backend.dialects.wyoming.conversation import BoundedReader, UnusableEvent, _mono, _options


async def test_lengths_are_not_believed() -> None:
    reader = asyncio.StreamReader(limit=64)
    reader.feed_data(b"x" * 1_000)
    bounded = BoundedReader(reader)
    with pytest.raises(UnusableEvent):
        await bounded.readexactly(10**12)
    with pytest.raises(UnusableEvent):
        await bounded.readexactly(-1)
    with pytest.raises(UnusableEvent):
        await bounded.readline()


def test_request_names_language_terms_and_model() -> None:
    given = {
        "language": "zh-CN",
        "name": "whisper-base",
        "transcript_names": ["王小明"],
        "transcript_terms": ["Ōtaki"],
    }
    options = _options(given, ("whisper-base",))
    assert (options.language, options.model, options.hotwords) == ("zh", "whisper-base", ("王小明", "Ōtaki"))
    assert _options({"name": "other", "language": "the first"}, ()).model == ""
    assert _options({}, ()).language == "auto"


def test_first_channel_is_heard() -> None:
    samples = np.array([[1, -1], [2, -2], [3, -3]], "<i2")
    assert _mono(samples.tobytes() + b"\0", 2) == np.array([1, 2, 3], "<i2").tobytes()
    assert _mono(b"\1\0", 1) == b"\1\0"
