"""Test each language through the whole app: inserted text, history and direct engine output agree."""

import sys
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from app.cli.scoring import score
from app.journal.library import TakeSnapshot
from app.journal.take import TakeState
from protocol.audio import SAMPLE_RATE
from protocol.engine import DecodeRequest, EngineSettings, Transcript
from protocol.texts import join_texts
from tests.app.capture.test_microphone_sound import heard_at
from tests.helpers.desktop import TextField
from tests.helpers.desktop_app import DesktopApp, audio_of, running_app, segments_of
from tests.helpers.recordings import samples_of
from tests.helpers.waiting import wait_until_sync
from worker.chinese_text import apply_chinese_style
from worker.engines.whisper.engine import create

pytestmark = [pytest.mark.serial("languages"), pytest.mark.timeout(300)]

WORST = 0.35
"""Maximum error rate of words or characters. With whisper-base, one sample started at thirty different sub-sample
offsets had 3 to 24 % wrong characters. Comparison with ``directly`` shows losses and additions of the chain.
"""
SAMPLES = files("app") / "samples"
LINES = (SAMPLES / "samples.tsv").read_text("utf-8").splitlines()[1:]


@pytest.fixture(scope="module")
def app(models: Path) -> Iterator[DesktopApp]:
    with running_app(models) as app:
        yield app


def directly(take: TakeSnapshot, models: Path) -> str:
    """Return the engine's text for the segments in the journal."""
    engine = create(EngineSettings("whisper", "whisper-base", str(models / "whisper-base"), "cpu"))
    options = take.take.options
    decoded = engine.decode([DecodeRequest(pcm, options) for pcm in segments_of(take)])
    engine.close()
    wanted = [apply_chinese_style(outcome, options) for outcome in decoded]
    return join_texts(outcome.text for outcome in wanted if isinstance(outcome, Transcript))


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split("\t")[1])
def test_every_language_is_inserted_as_the_engine_writes_it(app: DesktopApp, models: Path, line: str) -> None:
    sample, language, said = line.split("\t")
    field, before = TextField(app.desktop, language), len(app.takes())
    with as_file(SAMPLES / sample) as recording:
        with app.talking():
            app.play(recording)
        (take,) = app.wait_for_takes(before + 1)[before:]
        at = heard_at(samples_of(recording), audio_of(take))
    text = take.transcript.text
    wait_until_sync(lambda: field.text == text, f"{text!r} stands there, not {field.text!r}")
    assert take.state is TakeState.DONE
    assert text == directly(take, models)
    errors = score(said, text, language)
    sys.stdout.write(
        f"{language}: {errors}; {take.seconds:.1f} s recorded, the sample from {at / SAMPLE_RATE:.2f} s on\n"
    )
    assert errors.rate <= WORST
