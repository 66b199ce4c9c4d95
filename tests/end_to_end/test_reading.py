"""Test that texts are fitted to real fields, and wait where a password field or a button has the focus.

Inserter, accessibility and programs are real, on X11 and on sway; only the recognition is left out.
"""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.dictation.delivery_log import DeliveryLog
from app.dictation.insertion_queue import InsertionQueue, SegmentId
from app.dictation.messages import Event, InsertionEnded, InsertText
from app.dictation.text_inserter import InsertionMeans, TextInserter
from app.insertion.accessibility.text_reader import read_around
from app.insertion.helper.inserter import HelperInserter
from app.insertion.outcome import (
    FocusKind,
    HoldReason,
    Inserter,
    Insertion,
    InsertionResult,
    TextSurroundings,
    held_insertion,
)
from app.insertion.plan import Rules
from app.journal.library import Library
from runtime.tasks import Tasks
from tests.helpers.accessible_desktop import Form, Place, accessible_sway, accessible_x11
from tests.helpers.desktop import PATIENT_S, Desktop, Screen
from tests.helpers.waiting import wait_until

PASTED = Insertion(InsertionResult.PASTED)


@pytest.fixture(scope="module", params=[accessible_x11, accessible_sway])
def running(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Run a desktop with accessibility, and give a hand that presses keys there."""
    with TemporaryDirectory() as folder, request.param(Path(folder)) as running:
        yield running


@pytest.fixture
def place(running: Place) -> Iterator[Place]:
    """End the forms of a test."""
    processes = running[0].processes
    count = len(processes)
    yield running
    while len(processes) > count:
        form = processes.pop()
        form.terminate()
        form.wait(10)


class Dictation:
    """Texts on their way from the recogniser to the focused field."""

    def __init__(self, desktop: Screen, inserter: Inserter, tasks: Tasks) -> None:
        self.queue = InsertionQueue()
        self.events = list[Event]()
        self._desktop, self._inserter, self._takes = desktop, inserter, 0
        means = InsertionMeans(
            inserter, read_around=partial(read_around, environment=desktop.environment, tries_s=(PATIENT_S,))
        )
        log = DeliveryLog(Library(desktop.folder / "takes"))
        self._texts = TextInserter(means, log, self.events.append, tasks)

    async def focus(self, form: Form, kind: FocusKind, before: str | None, after: str = "") -> None:
        """Wait until the program tells what has the focus."""

        async def there() -> bool:
            target = await self._inserter.target()
            if target is None or target.process not in (0, form.process):
                return False
            return await read_around(target, self._desktop.environment, (PATIENT_S,)) == TextSurroundings(
                kind, before, after
            )

        await wait_until(there, f"{kind} with {before!r} has the focus")

    async def say(self, *texts: str) -> Insertion:
        """Insert the texts of one recording; return the outcome of the last."""
        self._takes += 1
        self.queue.begin(self._takes)
        self.queue.set_target(self._takes, await self._inserter.target())
        insertion = PASTED
        for segment, text in enumerate(texts):
            self.queue.result(SegmentId(self._takes, segment), text, 0.0)
            ready = self.queue.next()
            assert ready is not None
            self.events.clear()
            self._texts.perform(InsertText(ready))
            await wait_until(lambda: self.events, "the outcome is told")
            (event,) = self.events
            assert isinstance(event, InsertionEnded)
            insertion = event.insertion
            self.queue.inserted(insertion)
        self.queue.ended(self._takes)
        return insertion


@pytest.fixture
async def dictation(place: Place) -> AsyncIterator[Dictation]:
    desktop, _ = place
    inserter = await _opened(desktop)
    async with Tasks("test") as tasks:
        yield Dictation(desktop, inserter, tasks)
    await inserter.close()


async def _opened(desktop: Screen) -> Inserter:
    if isinstance(desktop, Desktop):
        return await HelperInserter.on_x11(desktop.display, patience_s=PATIENT_S, grab_s=PATIENT_S)
    return await HelperInserter.on_wayland(desktop.environment, Rules(), PATIENT_S)


@pytest.mark.parametrize("toolkit", ["qt", "gtk"])
async def test_text_fits_where_it_goes(place: Place, dictation: Dictation, toolkit: str) -> None:
    desktop, tap = place
    form = Form(desktop, toolkit, "I think")
    await dictation.focus(form, FocusKind.FIELD, "I think")
    assert await dictation.say("This is right.", "And this is 你好。") == PASTED
    whole = "I think this is right. And this is 你好。"
    await wait_until(lambda: form.text == whole, f"the field has {whole!r}, not {form.text!r}")
    await dictation.focus(form, FocusKind.FIELD, whole)
    assert await dictation.say("很好。") == PASTED
    await wait_until(lambda: form.text == f"{whole}很好。", f"Chinese joins without a space: {form.text!r}")
    tap("Home")
    await dictation.focus(form, FocusKind.FIELD, "", "I")
    assert await dictation.say("Now this.", "But not that.") == PASTED
    whole = f"Now this. But not that. {whole}很好。"
    await wait_until(lambda: form.text == whole, f"a space at the end only: {form.text!r}")


@pytest.mark.parametrize("toolkit", ["qt", "gtk"])
async def test_text_waits_where_no_field_takes_it(place: Place, dictation: Dictation, toolkit: str) -> None:
    desktop, tap = place
    form = Form(desktop, toolkit, "")
    await dictation.focus(form, FocusKind.FIELD, "")
    tap("Tab")
    await dictation.focus(form, FocusKind.PASSWORD, None)
    assert await dictation.say("My secret.") == held_insertion(HoldReason.PASSWORD)
    tap("Tab")
    await dictation.focus(form, FocusKind.NO_FIELD, None)
    assert await dictation.say("Kia ora.") == held_insertion(HoldReason.NO_FIELD)
    assert sorted(dictation.queue.held.values()) == ["Kia ora.", "My secret."] and form.text == ""
