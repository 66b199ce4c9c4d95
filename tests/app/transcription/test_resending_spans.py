"""Recovery of a take with a second pass, cut off after any event: one variant, each sample once, choices kept."""

import shutil
from pathlib import Path

import pytest
from rich.console import Console

from app.journal.disk import EVENTS
from app.journal.events import Begin, Chosen, End
from app.journal.journal import Journal
from app.journal.take import Take, TakeState
from app.transcription.pipeline import Samples
from app.transcription.progress import ProgressDisplay
from app.transcription.resending import Resender
from client.connection import Address, fixed_locator
from client.settings import ClientSettings
from protocol.session import Final, SegmentBegin
from tests.app.transcription.test_second_pass import ID, SpanGateway, dictate, events_in, recognised, refused
from tests.helpers.scripted_gateway import scripted

AT_ONCE = ClientSettings(retry=lambda failures, chance, asked: 0.05, quiet_s=30.0)


async def resend(root: Path, models: Path) -> Take:
    gateway = SpanGateway()
    async with scripted(gateway.converse) as server:
        with Journal.reopen(root, ID) as journal:
            resender = Resender(fixed_locator(Address(server.url, "k")), models / "fsmn-vad", AT_ONCE)
            transcript = await resender.resend(journal, ProgressDisplay(Console(quiet=True), "test"))
            assert transcript == journal.take.transcript(journal.samples)
            assert not gateway.spanned.keys() & {int(each.split()[1]) for each in gateway.order if "end" in each}
            assert journal.take.state(journal.samples) is TakeState.DONE
            return journal.take


def check(take: Take, sentence: Samples, chosen: bool | None) -> None:
    """Check that each text is of its samples, and that the counted segments do not overlap."""
    free, speech = 0, 0
    for each in sorted(take.counted.values(), key=lambda each: each.at):
        assert isinstance(each.outcome, Final) and each.samples is not None
        assert each.text.startswith(f"{each.at}+{each.samples} ")
        assert each.at >= free
        free, speech = each.at + each.samples, speech + each.samples
    assert speech > 80_000, "all that was said has a text"
    spans = [each for each in take.counted.values() if each.details.replaces]
    if chosen is not None:
        assert bool(spans) is chosen, "the choice is kept"


@pytest.mark.parametrize("accepted", [True, False], ids=["span", "pieces"])
async def test_take_is_recovered_after_a_crash_at_any_event(
    tmp_path: Path, models: Path, sentence: Samples, accepted: bool
) -> None:
    """Cut the journal after every event: an event is on disk before the next."""
    answer = recognised if accepted else refused
    await dictate(tmp_path / "whole", models, sentence, SpanGateway(answer))
    folder = tmp_path / "whole" / str(ID)
    lines, events = (folder / EVENTS).read_bytes().splitlines(keepends=True), events_in(folder)
    first = next(place for place, event in enumerate(events) if isinstance(event, Begin) and event.replaces)
    assert any(isinstance(event, Chosen) for event in events)
    for place in range(first - 1, len(lines)):
        root = tmp_path / f"cut {place}"
        shutil.copytree(folder, root / str(ID))
        (root / str(ID) / EVENTS).write_bytes(b"".join(lines[: place + 1]))
        choice = next((each.accepted for each in events[: place + 1] if isinstance(each, Chosen)), None)
        check(await resend(root, models), sentence, choice)


async def test_span_without_text_is_withdrawn_from_the_gateway(
    tmp_path: Path, models: Path, sentence: Samples
) -> None:
    def silent(begin: SegmentBegin, samples: int) -> Final | None:
        return None if begin.replaces else recognised(begin, samples)

    await dictate(tmp_path / "whole", models, sentence, SpanGateway(silent))
    folder = tmp_path / "whole" / str(ID)
    lines, events = (folder / EVENTS).read_bytes().splitlines(keepends=True), events_in(folder)
    span = max(event.segment for event in events if isinstance(event, Begin))
    ended = next(place for place, event in enumerate(events) if isinstance(event, End) and event.segment == span)
    (folder / EVENTS).write_bytes(b"".join(lines[: ended + 1]))
    take = await resend(tmp_path / "whole", models)
    assert take.segments[span].cancelled and span not in take.counted
    check(take, sentence, chosen=False)
