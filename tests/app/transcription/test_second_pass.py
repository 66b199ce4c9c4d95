"""Second pass of a recording with a scripted gateway: what is sent, passed on and noted on disk, and when."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from aiohttp import WSMsgType, web

from app.core.transcript import TranscriptSegment
from app.journal.async_journal import AsyncJournal, JournaledOutlet
from app.journal.backlog import DiskState
from app.journal.disk import EVENTS
from app.journal.events import Chosen, Event, decode_lines
from app.journal.journal import Journal
from app.journal.take import Take
from app.transcription import second_pass
from app.transcription.listening import PATIENT, DictationObserver, DictationSetup, MicrophoneStatus
from app.transcription.pipeline import Samples, SegmentingVad, SpanningVad, in_thread, transcribe
from app.transcription.second_pass import SecondPass, SpanChoice
from app.transcription.span_planner import SHORT_TAIL, SpanPlanner, SpanRules
from client.connection import Address, fixed_locator
from client.errors import GatewayError
from client.events import ClientEvent, Connected
from client.gateway import GatewayClient
from protocol.audio import SAMPLE_RATE, decode_frame
from protocol.errors import ErrorCode
from protocol.recognition import Options
from protocol.session import (
    PLAIN,
    Done,
    Failed,
    Final,
    Finish,
    Hello,
    SegmentBegin,
    SegmentCancel,
    SegmentDetails,
    SegmentEnd,
    Welcome,
    decode_client,
)
from speech.segmenter import Segmenter
from speech.vad import SpeechEnded, SpeechPaused, SpeechStarted, VadEvent
from tests.app.transcription.test_listening import Played
from tests.app.transcription.test_pipeline import ScriptedVad
from tests.helpers.scripted_gateway import Memory, say, scripted
from tests.helpers.waiting import wait_until

ID = UUID(int=5)
FREE = SpanRules(key_down=lambda: False)
Answer = Callable[[SegmentBegin, int], Final | Failed | None]


def recognised(begin: SegmentBegin, samples: int) -> Final:
    """Return a text that names its samples, and has a letter for each second of them."""
    at = begin.at_ms * SAMPLE_RATE // 1000
    return Final(begin.segment, f"{at}+{samples} " + "o" * (samples // SAMPLE_RATE))


def refused(begin: SegmentBegin, samples: int) -> Final | Failed:
    """Refuse spans, and recognise everything else."""
    if begin.replaces:
        return Failed(begin.segment, ErrorCode.BUSY, "too slow")
    return recognised(begin, samples)


@dataclass
class SpanGateway:
    """Gateway that accepts spans and answers each segment's end by ``answer``, or not at all."""

    answer: Answer = recognised
    spans: bool = True
    begun: dict[int, SegmentBegin] = field(default_factory=dict)
    audio: dict[int, int] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    async def converse(self, socket: web.WebSocketResponse, memory: Memory) -> None:
        hello = decode_client(await socket.receive_str())
        assert isinstance(hello, Hello)
        await say(socket, Welcome(hello.session, "scripted", True, spans=self.spans))
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                frame = decode_frame(message.data)
                self.audio[frame.segment] = self.audio.get(frame.segment, 0) + len(frame.pcm) // 2
            else:
                await self._take(socket, message.data)

    async def _take(self, socket: web.WebSocketResponse, data: str) -> None:
        match decode_client(data):
            case SegmentBegin() as begin:
                self.noted(begin)
            case SegmentEnd(segment, samples):
                assert self.audio[segment] == samples
                self.order.append(f"end {segment}")
                if (result := self.answer(self.begun[segment], samples)) is not None:
                    await say(socket, result)
            case SegmentCancel(segment):
                self.order.append(f"cancel {segment}")
            case Finish(segments):
                await say(socket, Done(segments, ""))

    def noted(self, begin: SegmentBegin) -> None:
        """Remember the beginning of a segment."""
        self.begun[begin.segment] = begin

    @property
    def spanned(self) -> dict[int, SegmentBegin]:
        """The segments that replace others."""
        return {number: begin for number, begin in self.begun.items() if begin.replaces}


class ToldObserver(DictationObserver):
    """Observer that remembers its calls, and the state of the disk at each text."""

    def __init__(self, folder: Path) -> None:
        self.unsent_s: Callable[[], float] = lambda: 0.0
        self.disk_state: Callable[[], DiskState] = lambda: DiskState.WRITING
        self.microphone: MicrophoneStatus | None = None
        self.connected = asyncio.Event()
        self.shown: list[TranscriptSegment] = []
        self.told: list[TranscriptSegment] = []
        self.chosen: dict[int, int] = {}
        self.seconds, self.ended = 0.0, False
        self._folder = folder

    def processed(self, seconds: float) -> None:
        self.seconds = seconds

    def audio_ended(self) -> None:
        self.ended = True

    def received(self, event: ClientEvent) -> None:
        if isinstance(event, Connected):
            self.connected.set()

    def withheld(self, segment: TranscriptSegment) -> None:
        self.shown.append(segment)

    def recognised(self, segment: TranscriptSegment) -> None:
        self.told.append(segment)
        self.chosen[segment.index] = sum(isinstance(each, Chosen) for each in events_in(self._folder))

    @property
    def texts(self) -> dict[int, str]:
        assert len({text.index for text in self.told}) == len(self.told), "each number is passed on once"
        return {text.index: text.text.split(" ")[0] for text in self.told}


class AfterConnecting(Played):
    """Microphone that waits until the gateway is connected, and stops by itself after its audio."""

    def __init__(self, audio: Samples, connected: asyncio.Event) -> None:
        super().__init__(audio)
        self._connected = connected

    async def blocks(self) -> AsyncIterator[Samples]:
        await self._connected.wait()
        async for block in super().blocks():
            yield block
            if self.heard == len(self._audio):
                self.stop()


def events_in(folder: Path) -> list[Event]:
    return decode_lines((folder / EVENTS).read_bytes())


@dataclass
class Result:
    """A dictation that has ended."""

    take: Take
    observer: ToldObserver
    gateway: SpanGateway

    @property
    def pieces(self) -> dict[int, str]:
        """The place of each piece, according to its text."""
        known = self.take.segments.items()
        return {n: f"{each.at}+{each.samples}" for n, each in known if not each.details.replaces}

    @property
    def spans(self) -> dict[int, str]:
        """The place of each span."""
        known = self.take.segments.items()
        return {n: f"{each.at}+{each.samples}" for n, each in known if each.details.replaces}

    @property
    def choices(self) -> dict[int, bool | None]:
        """The noted choice of each span."""
        return {n: each.chosen for n, each in self.take.segments.items() if each.details.replaces}


async def dictate(root: Path, models: Path, audio: Samples, gateway: SpanGateway) -> Result:
    async with scripted(gateway.converse) as server:
        with Journal.create(root, ID, Options(), 0) as journal:
            journal.set_wanted(inserted=True)
            observer = ToldObserver(journal.folder)
            settings = replace(PATIENT, retry=lambda failures, chance, asked: 0.02)
            setup = DictationSetup(
                fixed_locator(Address(server.url, "k")), models / "fsmn-vad", settings=settings, spans=FREE
            )
            transcript = await setup.listen(journal, AfterConnecting(audio, observer.connected), observer)
            assert transcript == journal.take.transcript(journal.samples)
            return Result(journal.take, observer, gateway)


async def test_text_of_the_span_is_passed_on_under_its_first_piece(
    tmp_path: Path, models: Path, sentence: Samples
) -> None:
    result = await dictate(tmp_path, models, sentence, SpanGateway())
    (span,) = result.spans
    first, *others = result.pieces
    assert len(others) >= 1
    expected = {first: result.spans[span], span: "", **dict.fromkeys(others, "")}
    assert result.observer.texts == expected
    assert result.choices == {span: True}
    assert result.take.transcript(0).text.startswith(result.spans[span])
    begin = result.gateway.begun[span]
    assert begin.replaces == tuple(result.pieces) and begin.within_ms in (1_500, 2_000)
    assert result.observer.chosen[first] == 1, "the choice is on disk before the text is passed on"


async def test_pieces_are_shown_while_they_are_withheld(tmp_path: Path, models: Path, sentence: Samples) -> None:
    result = await dictate(tmp_path, models, sentence, SpanGateway())
    shown = {each.index: each.text.split(" ")[0] for each in result.observer.shown}
    (span,) = result.spans
    first, *_ = result.pieces
    assert shown[span] == "" and shown[first] == result.pieces[first]
    assert shown.items() <= {**result.pieces, span: ""}.items()


async def test_span_precedes_the_end_of_the_last_piece(tmp_path: Path, models: Path, sentence: Samples) -> None:
    speech = sentence[: -SAMPLE_RATE * 3 // 2]  # the recording ends in mid-speech
    result = await dictate(tmp_path, models, speech, SpanGateway())
    (span,) = result.spans
    last = max(result.pieces)
    assert result.gateway.begun[span].within_ms == 1_500
    ends = [each for each in result.gateway.order if each.startswith("end")]
    assert f"end {last}" not in ends or ends.index(f"end {span}") < ends.index(f"end {last}")
    assert result.observer.texts[min(result.pieces)] == result.spans[span]


async def test_missing_pieces_are_cancelled_when_the_span_has_its_text(
    tmp_path: Path, models: Path, sentence: Samples
) -> None:
    def only_spans(begin: SegmentBegin, samples: int) -> Final | None:
        return recognised(begin, samples) if begin.replaces else None

    result = await dictate(tmp_path, models, sentence, SpanGateway(only_spans))
    (span,) = result.spans
    assert {f"cancel {piece}" for piece in result.pieces} <= set(result.gateway.order)
    assert result.observer.texts[min(result.pieces)] == result.spans[span]
    known = result.take.segments.values()
    assert not any(each.cancelled for each in known), "damage to the span must lose no text"
    assert result.take.held


@pytest.mark.parametrize("busy", [True, False], ids=["refused", "late"])
async def test_pieces_are_passed_on_when_the_span_has_no_text(
    tmp_path: Path, models: Path, sentence: Samples, busy: bool
) -> None:
    def refuse(begin: SegmentBegin, samples: int) -> Final | Failed | None:
        if not begin.replaces:
            return recognised(begin, samples)
        return Failed(begin.segment, ErrorCode.BUSY, "too slow") if busy else None

    result = await dictate(tmp_path, models, sentence, SpanGateway(refuse))
    (span,) = result.spans
    assert result.observer.texts == {**result.pieces, span: ""}
    assert result.choices == {span: False}
    assert (f"cancel {span}" in result.gateway.order) is not busy
    assert [each.split(" ")[0] for each in result.take.held.values()] == list(result.pieces.values())


class SlowStore(AsyncJournal):
    """Journal on a disk that takes a span only after another text was passed on."""

    def __init__(self, journal: Journal, observer: ToldObserver) -> None:
        super().__init__(journal)
        self._observer = observer

    async def begin(self, segment: int, at: int, details: SegmentDetails = PLAIN) -> None:
        if details.replaces:
            await wait_until(lambda: self._observer.told, "a text is passed on")
        await super().begin(segment, at, details)


async def dictate_tail(root: Path, gateway: SpanGateway, *, slow: bool = False) -> Result:
    """Dictate two pieces, of which the second has just begun at the end of the recording."""
    audio = np.zeros(3 * SAMPLE_RATE, np.int16)
    spoken: list[VadEvent] = [
        SpeechStarted(1_000, 1_000),
        SpeechPaused(20_000, 21_000),
        SpeechEnded(20_000, 30_000),
    ]
    events = [*spoken, SpeechStarted(47_040, 47_100), SpeechEnded(48_000, 2**62)]
    async with scripted(gateway.converse) as server:
        with Journal.create(root, ID, Options(), 0) as journal:
            journal.append(audio)
            observer = ToldObserver(journal.folder)
            store = SlowStore(journal, observer) if slow else AsyncJournal(journal)
            where = fixed_locator(Address(server.url, "k"))
            async with GatewayClient(where, ID, store, Options(), PATIENT) as client:
                await wait_until(lambda: client.spans, "the gateway offers spans")
                planner = SpanPlanner(replace(FREE, offered=lambda: client.spans))
                vad = SpanningVad(SegmentingVad(ScriptedVad(events), Segmenter()), planner)
                outlet = JournaledOutlet(store, client)
                async with SecondPass(observer, outlet, SpanChoice()) as second:
                    await transcribe(in_thread(iter([audio[:40_000], audio[40_000:]])), vad, outlet, second)
            return Result(journal.take, observer, gateway)


async def test_short_tail_is_not_recognised_alone_when_the_span_has_its_text(tmp_path: Path) -> None:
    result = await dictate_tail(tmp_path, SpanGateway())
    assert (result.take.segments[1].samples or 0) < SHORT_TAIL
    assert result.observer.texts == {0: result.spans[2], 1: "", 2: ""}
    assert (result.observer.seconds, result.observer.ended) == (3.0, True)
    assert "end 1" not in result.gateway.order and "cancel 1" in result.gateway.order


async def test_short_tail_is_sent_when_the_span_is_refused(tmp_path: Path) -> None:
    result = await dictate_tail(tmp_path, SpanGateway(refused))
    assert result.gateway.order.index("end 2") < result.gateway.order.index("end 1")
    assert result.observer.texts == {**result.pieces, 2: ""}


async def test_span_that_the_disk_takes_too_late_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a restart would offer its text beside texts of its pieces, which were inserted before."""
    monkeypatch.setattr(second_pass, "LONGEST_S", 0.1)
    result = await dictate_tail(tmp_path, SpanGateway(), slow=True)
    assert result.choices == {2: False}
    assert result.observer.texts == {**result.pieces, 2: ""}
    assert result.take.counted.keys() == result.pieces.keys()


async def test_gateway_without_spans_gets_none(tmp_path: Path, models: Path, sentence: Samples) -> None:
    result = await dictate(tmp_path, models, sentence, SpanGateway(spans=False))
    assert result.spans == {} and result.observer.texts == result.pieces


async def test_withheld_texts_are_passed_on_when_the_session_breaks(
    tmp_path: Path, models: Path, sentence: Samples
) -> None:
    class Refusing(SpanGateway):
        async def _take(self, socket: web.WebSocketResponse, data: str) -> None:
            if isinstance(message := decode_client(data), SegmentBegin) and message.replaces:
                await socket.close(code=1008)
            else:
                await super()._take(socket, data)

    gateway = Refusing()
    async with scripted(gateway.converse) as server:
        with Journal.create(tmp_path, ID, Options(), 0) as journal:
            observer = ToldObserver(journal.folder)
            where = fixed_locator(Address(server.url, "k"))
            setup = DictationSetup(where, models / "fsmn-vad", settings=PATIENT, spans=FREE)
            with pytest.raises(GatewayError):
                await setup.listen(journal, AfterConnecting(sentence, observer.connected), observer)
            known = {n: each.text for n, each in journal.take.segments.items() if each.text}
            assert {text.index: text.text for text in observer.told if text.text} == known != {}


async def test_withheld_texts_are_not_passed_on_when_the_recording_is_cancelled(tmp_path: Path) -> None:
    observer = ToldObserver(tmp_path)
    with Journal.create(tmp_path, ID, Options(), 0) as journal:
        store = AsyncJournal(journal)
        outlet = JournaledOutlet(
            store, GatewayClient(fixed_locator(Address("http://127.0.0.1:1", "k")), ID, store)
        )
        with pytest.raises(asyncio.CancelledError):
            async with SecondPass(observer, outlet, SpanChoice()) as second:
                second.recognised(TranscriptSegment(0, 0, 1, "withheld"))
                raise asyncio.CancelledError
    assert [len(observer.shown), len(observer.told)] == [1, 0]
