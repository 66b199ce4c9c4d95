"""Tests that earlier takes are shown in their current state and recognised on request."""

from contextlib import nullcontext
from math import inf
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from aiohttp import WSMsgType, web

from app.core.errors import Note
from app.dictation.recordings import MOST_HELD_TAKES, PastTakes
from app.journal.library import Library, TakeSnapshot
from app.journal.retention import HELD_S, RetentionLimits
from app.journal.take import TakeState
from app.transcription.listening import DictationSetup
from client.connection import Address, fixed_locator
from client.settings import ClientSettings
from loadtest.core.checksum import checksum
from protocol.errors import ErrorCode
from protocol.recognition import Options
from protocol.session import Done, Failed, Final, Finish, SegmentCancel, SegmentEnd, decode_client
from tests.helpers.scripted_gateway import Memory, oblige, say, scripted, welcome

ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))
AT_ONCE = ClientSettings(first_contact_s=0.0)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


def earlier_of(
    library: Library, models: Path, url: str = "http://127.0.0.1:9", current: Options | None = None
) -> PastTakes:
    setup = DictationSetup(fixed_locator(Address(url)), models / "fsmn-vad", settings=AT_ONCE)
    return PastTakes(library, setup, None if current is None else lambda: current)


def take(
    library: Library,
    session: UUID,
    started_s: float,
    *outcomes: Final | Failed | None,
    wanted: bool = False,
    edited: str = "",
    finished: bool = True,
    options: Options | None = None,
) -> None:
    """Create a take with a segment of 100 samples for each outcome."""
    with library.create(session, options or Options(), started_s) as journal:
        journal.set_wanted(inserted=wanted)
        journal.append(np.arange(100 * len(outcomes), dtype=np.int16))
        for segment, outcome in enumerate(outcomes):
            journal.begin(segment, 100 * segment)
            journal.end(segment, 100)
            if outcome is not None:
                journal.settle(segment, outcome)
        if finished:
            journal.finish()
        if edited:
            journal.edit(edited)


async def test_views_are_newest_first_without_silent_takes(library: Library, models: Path) -> None:
    now = 1_000_000_000.0
    take(library, ONE, now, Final(0, "one"), Final(1, "two"))
    take(library, TWO, now + 1, Final(0, "one"), Failed(1, ErrorCode.ENGINE_DIED, "it died"))
    take(library, THREE, now + 2)
    views = await earlier_of(library, models).views(5)
    assert [(view.session, view.state, view.text) for view in views] == [
        (str(TWO), TakeState.FAILED, "one"),
        (str(ONE), TakeState.DONE, "one two"),
    ]
    assert views[1].started_s == now
    assert views[1].seconds == 200 / 16_000
    with library.reopen(ONE):
        assert (await earlier_of(library, models).views(5))[1].state is TakeState.LIVE
    assert len(await earlier_of(library, models).views(1)) == 1


class Reading(Library):
    """Library that records which takes were read."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.read: list[UUID] = []

    def find(self, session: UUID) -> TakeSnapshot:
        self.read.append(session)
        return super().find(session)


async def test_unchanged_takes_are_not_read_again(tmp_path: Path, models: Path) -> None:
    """Every key press reads the list, which may cover hours of speech."""
    library = Reading(tmp_path)
    for session, outcome in ((ONE, Final(0, "kia ora")), (TWO, None), (THREE, Final(0, "kia ora"))):
        take(library, session, 1_000_000_000.0, outcome)
    earlier = earlier_of(library, models)
    before = await earlier.views(3)
    library.read.clear()
    assert await earlier.views(3) == before
    assert library.read == []
    with library.reopen(TWO) as journal:
        journal.settle(0, Final(0, "tēnā koe"))
        states = {view.session: view.state for view in await earlier.views(3)}
        assert states[str(TWO)] is TakeState.LIVE
    texts = {view.session: view.text for view in await earlier.views(3)}
    assert texts[str(TWO)] == "tēnā koe"
    assert set(library.read) == {TWO}
    assert library.discard(ONE)
    assert {view.session for view in await earlier.views(3)} == {str(TWO), str(THREE)}


async def test_take_that_was_locked_only_while_it_was_read_is_read_again(tmp_path: Path, models: Path) -> None:
    """The files stayed as they were, so the take was shown as live until the app ended."""

    class Busy(Reading):
        """A library in which a process takes a take's lock after its files were looked at."""

        def find(self, session: UUID) -> TakeSnapshot:
            with nullcontext() if self.read else self.reopen(session):
                return super().find(session)

    library = Busy(tmp_path)
    take(library, ONE, 1_000_000_000.0, Final(0, "kia ora"))
    earlier = earlier_of(library, models)
    states = [view.state for _ in range(3) for view in await earlier.views(3)]
    assert states == [TakeState.LIVE, TakeState.DONE, TakeState.DONE]
    assert library.read == [ONE, ONE]


async def test_recover_recognises_missing_segments(library: Library, models: Path) -> None:
    take(library, ONE, 0.0, Final(0, "one"), None)
    async with scripted(oblige) as gateway:
        earlier = earlier_of(library, models, gateway.url)
        assert await earlier.recover(str(ONE)) is None
    pcm = np.arange(100, 200, dtype="<i2").tobytes()
    assert [view.text for view in await earlier.views(5)] == [f"one {checksum(pcm)}"]


@pytest.mark.parametrize(
    ("outcome", "language"),
    [
        (None, "en"),
        (Failed(0, ErrorCode.ENGINE_DIED, "it died"), "en"),
        (Failed(0, ErrorCode.UNSUPPORTED, "en"), "zh"),
    ],
)
async def test_recover_uses_current_model_and_replaces_only_an_unsupported_language(
    library: Library, models: Path, outcome: Failed | None, language: str
) -> None:
    spoken = Options(language="en", model="gone", hotwords=("pounamu",), languages=("en",))
    take(library, ONE, 0.0, outcome, options=spoken)
    async with scripted(oblige) as gateway:
        now = Options(language="zh", model="loaded", languages=("zh",))
        assert await earlier_of(library, models, gateway.url, now).recover(str(ONE)) is None
    assert [hello.options for hello in gateway.memory.hellos] == [
        Options(language=language, model="loaded", hotwords=("pounamu",), languages=(language,))
    ]


async def test_held_lists_recent_complete_takes_with_uninserted_text(library: Library, models: Path) -> None:
    now = 1_000_000_000.0
    take(library, ONE, now, Final(0, "one"), Failed(1, ErrorCode.ENGINE_DIED, "it died"), wanted=True)
    take(library, TWO, now + 1, Final(0, "two"), Final(1, "three"), wanted=True)
    others = (UUID(int=number) for number in range(100, 200))
    take(library, next(others), now + 2, Final(0, "for the history"))
    take(library, next(others), now + 3, Final(0, "has an end that"), None, wanted=True)
    take(library, next(others), now + 4, Final(0, "a crash cut off"), wanted=True, finished=False)
    take(library, next(others), now + 5, Final(0, "mistaken"), wanted=True, edited="mended")
    take(library, next(others), now + 6, wanted=True)
    earlier = earlier_of(library, models)
    assert list((await earlier.held_texts(now + 10)).items()) == [(TWO, {0: "two", 1: "three"}), (ONE, {0: "one"})]
    with library.reopen(TWO):
        assert list(await earlier.held_texts(now + 10)) == [ONE], "another process works on it"
    assert await earlier.held_texts(now + HELD_S + 0.5) == {TWO: {0: "two", 1: "three"}}
    for number in range(MOST_HELD_TAKES - 1):
        take(library, next(others), now + 10 + number, Final(0, "newer"), wanted=True)
    assert ONE not in (held := await earlier.held_texts(now + 100)) and len(held) < MOST_HELD_TAKES


async def test_recovered_take_is_not_held(library: Library, models: Path) -> None:
    now = 1_000_000_000.0
    take(library, ONE, now, Final(0, "one"), None, wanted=True)
    with library.reopen(ONE) as journal:
        journal.inserting(0)  # as if the app was killed before it knew the outcome
    async with scripted(oblige) as gateway:
        earlier = earlier_of(library, models, gateway.url)
        assert await earlier.recover(str(ONE)) is None
    assert await earlier.held_texts(now) == {}
    assert [view.state for view in await earlier.views(5)] == [TakeState.DONE]


@pytest.mark.parametrize("reachable", [False, True])
async def test_held_text_stays_when_recovery_fails(library: Library, models: Path, reachable: bool) -> None:
    """Otherwise it would be gone from the texts to paste after a restart."""
    now, died = 1_000_000_000.0, Failed(1, ErrorCode.ENGINE_DIED, "it died")
    take(library, ONE, now, Final(0, "one"), died, wanted=True)

    async def fail(socket: web.WebSocketResponse, memory: Memory) -> None:
        await welcome(socket, memory)
        while (message := await socket.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY):
            match decode_client(message.data) if message.type is WSMsgType.TEXT else None:
                case SegmentEnd():
                    await say(socket, died)
                case SegmentCancel(segment):
                    memory.texts[segment] = ""
                case Finish(segments):
                    await say(socket, Done(segments, ""))

    async with scripted(fail) as gateway:
        earlier = earlier_of(library, models, gateway.url) if reachable else earlier_of(library, models)
        assert (await earlier.recover(str(ONE)) is None) is reachable
    assert await earlier.held_texts(now) == {ONE: {0: "one"}}


async def test_recover_returns_reason_of_failure(library: Library, models: Path) -> None:
    take(library, ONE, 0.0, None)
    earlier = earlier_of(library, models)
    whys = {"no such take": "take-unknown", str(TWO): "take-unknown", str(ONE): "gateway-unreachable"}
    for session, why in whys.items():
        assert await earlier.recover(session) == Note("recording-kept", reason=Note(why))
    with library.reopen(ONE):
        assert await earlier.recover(str(ONE)) == Note("recording-kept", reason=Note("take-busy"))


async def test_sweep_deletes_expired_takes(library: Library, models: Path) -> None:
    take(library, ONE, 1.0, Final(0, "one"))
    await earlier_of(library, models).sweep(RetentionLimits(inf, inf))
    assert len(library.all()) == 1
    await earlier_of(library, models).sweep(RetentionLimits())
    assert library.all() == []
