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
    return _spoken("en-01", "zh-01", to=tmp_path_factory)


@pytest.fixture(scope="session")
def sentence(tmp_path_factory: pytest.TempPathFactory) -> "Samples":
    """Return a sentence with a pause inside, which cuts it into two pieces."""
    return _spoken("zh-01", to=tmp_path_factory)


def _spoken(*names: str, to: pytest.TempPathFactory) -> "Samples":
    from tests.app.speech import recording
    from tests.helpers.recordings import samples_of

    return samples_of(recording(*names, to=to.mktemp("talk") / "talk.wav"))


@pytest.fixture
async def locate() -> "AsyncIterator[Locate]":
    """Locate a scripted gateway that treats each connection as a new session."""
    from client.connection import Address, fixed_locator
    from tests.helpers.scripted_gateway import afresh, scripted

    async with scripted(afresh) as gateway:
        yield fixed_locator(Address(gateway.url))
