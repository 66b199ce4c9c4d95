"""Fixtures that the tests of dictation share: some speech, and a gateway that recognises it."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from app.transcription.pipeline import Samples
    from client.connection import Locate


@pytest.fixture(scope="session")
def talk(tmp_path_factory: pytest.TempPathFactory) -> "Samples":
    """Return a sentence in English and one in Mandarin, with a second of silence around each."""
    import numpy as np

    from speech.audio_file import read_audio
    from tests.app.speech import recording

    path = recording("en-01", "zh-01", to=tmp_path_factory.mktemp("talk") / "talk.wav")
    return np.concatenate(list(read_audio(path)))


@pytest.fixture
async def locate() -> "AsyncIterator[Locate]":
    """Locate a scripted gateway that treats each connection as a new session."""
    from client.connection import Address, fixed
    from tests.helpers.scripted_gateway import afresh, scripted

    async with scripted(afresh) as gateway:
        yield fixed(Address(gateway.url))
