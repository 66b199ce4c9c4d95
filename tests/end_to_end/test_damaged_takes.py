"""Test damaged takes with ``kikipounamu takes``: existing audio is recognised, missing audio is reported.

The checksum engine's text is a digest of the exact samples, so that every text shows its audio.
"""

import json
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from app.cli.main import app
from app.journal.disk import AUDIO, EVENTS
from app.journal.events import Cutting, decode_lines, encode_line
from app.journal.journal import Journal
from app.journal.library import Library
from app.journal.retention import RetentionLimits
from app.journal.take import TakeState
from app.transcription.listening import CuttingMode, segmenting_vad
from protocol.recognition import Options
from protocol.session import Final
from speech.audio_file import read_audio
from speech.segmenter import SegmentClosed, SegmentOpened, SegmentOutput
from tests.app.speech import digests, recording
from tests.helpers.chain import KEY, running_chain
from tests.helpers.command_line import called

ALL = RetentionLimits(age_s=0, size=0)


@dataclass(frozen=True)
class Spoken:
    """A take of three segments, the second with a text, and the chain's text for each."""

    session: UUID
    root: Path
    lines: tuple[bytes, ...]
    audio: bytes
    digests: list[str]
    environment: dict[str, str]
    url: str

    def begin(self, segment: int) -> int:
        """Return the index of the line that begins a segment."""
        return next(n for n, line in enumerate(self.lines) if b'"begin","segment":%d,' % segment in line)

    def write(self, lines: bytes | None, audio: bytes | None) -> None:
        """Write these files to disk; ``None`` leaves a file out."""
        for name, data in ((EVENTS, lines), (AUDIO, audio)):
            if data is not None:
                (self.root / str(self.session)).mkdir(parents=True, exist_ok=True)
                (self.root / str(self.session) / name).write_bytes(data)

    def takes(self, command: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a ``kikipounamu takes`` command on this home."""
        return called(app, "takes", command, *arguments, environment=self.environment)

    def resend(self) -> "subprocess.CompletedProcess[str]":
        """Run ``kikipounamu takes resend``."""
        return self.takes("resend", str(self.session), "--gateway", self.url, "--key", KEY)

    def state(self) -> str:
        """Return the take's state from ``kikipounamu takes list``."""
        return self.takes("list").stdout.splitlines()[1].split()[5].lower()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Iterator[Spoken]:
    home = tmp_path_factory.mktemp("damaged")
    talk = recording("en-01", "zh-01", "en-02", to=home / "talk.wav")
    said, root = digests(talk, models, CuttingMode.TOGGLE), home / "data" / "takes"
    vad = segmenting_vad(CuttingMode.TOGGLE, models / "fsmn-vad")
    session = UUID(int=91)
    with Journal.create(root, session, Options(), 1e9, Cutting(CuttingMode.TOGGLE)) as journal:
        for block in read_audio(talk):
            journal.append(block)
            note(journal, vad.accept(block))
        note(journal, vad.finish())
        journal.settle(1, Final(1, "known"))
        journal.finish()
    lines, audio = ((root / str(session) / name).read_bytes() for name in (EVENTS, AUDIO))
    with running_chain(tmp_path_factory.mktemp("chain")) as chain:
        _, endpoint = chain.gateway()
        chain.worker()
        environment = {"KIKIPOUNAMU_HOME": str(home), "KIKIPOUNAMU_MODELS": str(models)}
        yield Spoken(session, root, tuple(lines.splitlines(keepends=True)), audio, said, environment, endpoint.url)


@pytest.fixture
def spoken(whole: Spoken, tmp_path: Path) -> Spoken:
    """Copy the take to a separate home, under a session that the gateway does not know."""
    environment = whole.environment | {"KIKIPOUNAMU_HOME": str(tmp_path)}
    return replace(whole, session=uuid4(), root=tmp_path / "data" / "takes", environment=environment)


def note(journal: Journal, outputs: Iterable[SegmentOutput]) -> None:
    for output in outputs:
        if isinstance(output, SegmentOpened):
            journal.begin(output.segment, output.at)
        elif isinstance(output, SegmentClosed):
            journal.end(output.segment, output.samples)


def in_line(number: int, change: Callable[[bytes], bytes]) -> Callable[[Spoken], bytes]:
    """Change the line that begins this segment."""

    def changed(spoken: Spoken) -> bytes:
        place = spoken.begin(number)
        return b"".join((*spoken.lines[:place], change(spoken.lines[place]), *spoken.lines[place + 1 :]))

    return changed


def older(number: int, **values: int) -> Callable[[Spoken], bytes]:
    """Return the journal of an older version with other values in the line that begins this segment."""

    def changed(spoken: Spoken) -> bytes:
        lines = [encode_line(event) for event in decode_lines(b"".join(spoken.lines))]
        place = spoken.begin(number)
        lines[place] = json.dumps(json.loads(lines[place]) | values, separators=(",", ":")).encode() + b"\n"
        return b"".join(lines)

    return changed


JOURNALS: dict[str, tuple[Callable[[Spoken], bytes | None], str]] = {
    "a bit of a beginning": (in_line(0, lambda line: b"z" + line[1:]), "line 2: the line cannot be read"),
    "a line": (in_line(2, lambda line: b""), "a line is missing after this one"),
    "the whole journal": (lambda spoken: None, "the line that begins the recording is missing"),
    "an absurd number, in an older journal": (older(0, segment=2**32 - 1), "has no segment 4294967295"),
}


@pytest.mark.parametrize("what", JOURNALS)
def test_all_speech_is_recognised_when_the_journal_is_damaged(spoken: Spoken, what: str) -> None:
    damaged, why = JOURNALS[what]
    spoken.write(damaged(spoken), spoken.audio)
    shown = spoken.takes("show", str(spoken.session))
    assert shown.returncode == 1 and "damaged: events.jsonl" in shown.stderr and why in shown.stderr
    assert Library(spoken.root).sweep(2e9, ALL) == []
    sent = spoken.resend()
    assert (sent.returncode, why in sent.stderr) == (0, True), sent.stderr
    assert "recovered: all audio on disk has a text" in sent.stderr
    said = sent.stdout.split()
    if "the whole" in what:  # the boundaries are lost with the journal
        assert len(said) >= len(spoken.digests)
    else:
        assert said[1] == "known", "a text that is certain is not recognised again"
        assert said[0] == spoken.digests[0] and said[2] == spoken.digests[2], "it is cut where it was"
    found = Library(spoken.root).find(spoken.session)
    assert found.state is TakeState.DONE
    spans = sorted((s.at, s.at + (s.samples or 0)) for s in found.take.segments.values() if not s.recut)
    assert all(before[1] <= after[0] for before, after in zip(spans, spans[1:], strict=False))
    assert spoken.state() == "done"


def test_damaged_line_feed_loses_no_text(spoken: Spoken) -> None:
    spoken.write(in_line(1, lambda line: line[:-1] + b"\x0b")(spoken), spoken.audio)
    sent = spoken.resend()
    assert sent.returncode == 0 and "damaged" not in sent.stderr
    assert sent.stdout.split() == [spoken.digests[0], "known", *spoken.digests[2:]]


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_missing_audio_is_reported_each_time_and_rest_is_recognised(spoken: Spoken, share: float) -> None:
    left = spoken.audio[: round(len(spoken.audio) * share)] if share else None
    spoken.write(b"".join(spoken.lines), left)
    size = len(left or b"")
    why = f"audio.pcm16: the audio ends at byte {size}, but {len(spoken.audio)} bytes were recorded"
    for attempt in ("first", "again"):
        sent = spoken.resend()
        assert sent.returncode == 1 and why in sent.stderr, attempt
        assert "its audio is missing (audio_invalid)" in sent.stderr
        assert "the recording is damaged, and kept until you delete it" in sent.stderr
        assert "known" in sent.stdout and (spoken.digests[0] in sent.stdout) == (share > 0)
        assert spoken.state() == "damaged"
    assert Library(spoken.root).sweep(2e9, ALL) == []


def test_audio_after_the_end_is_recognised(spoken: Spoken) -> None:
    spoken.write(b"".join(spoken.lines), spoken.audio + spoken.audio)
    sent = spoken.resend()
    assert sent.returncode == 0 and f"the audio has {2 * len(spoken.audio)} bytes" in sent.stderr
    assert len(sent.stdout.split()) >= 6 and spoken.state() == "done"
