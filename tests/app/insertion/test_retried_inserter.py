"""Insertion begins when the compositor of a real session starts after the app."""

from itertools import islice
from pathlib import Path

import psutil

from app.insertion.errors import InsertionUnavailable
from app.insertion.helper.inserter import HelperInserter
from app.insertion.outcome import HoldReason, Insertion, InsertionResult, Target, held_insertion
from app.insertion.plan import Rules
from app.insertion.retried_inserter import RetriedInserter, growing_pauses
from tests.app.insertion.wayland.test_paster_in_trouble import restart
from tests.helpers.desktop import PATIENT_S, TextField
from tests.helpers.waiting import DEADLINE_S, wait_until
from tests.helpers.wayland_desktop import running_labwc


async def test_texts_are_inserted_once_the_desktop_has_started(tmp_path: Path) -> None:
    with running_labwc(tmp_path) as desktop:
        compositor = next(one for one in desktop.processes if "labwc" in psutil.Process(one.pid).name())
        compositor.kill()
        compositor.wait(DEADLINE_S)

        async def open_again(rules: Rules) -> HelperInserter:
            return await HelperInserter.on_wayland(desktop.environment, rules, PATIENT_S)

        inserter = RetriedInserter("no compositor", Rules(), open_again, 0.1)
        assert await inserter.target() is None
        assert await inserter.insert("text", Target(1)) == held_insertion(HoldReason.TARGET_UNKNOWN)
        restart(desktop, tmp_path)
        field = TextField(desktop, "of a late desktop")
        target = await wait_until(inserter.target, "there is an inserter")
        inserter.rules = Rules(hold=True)
        assert await inserter.insert("text", target) == held_insertion(HoldReason.PROGRAM_RULE)
        inserter.rules = Rules()
        assert await inserter.insert("text", target) == Insertion(InsertionResult.PASTED)
        await field.shows("text")
        await inserter.close()
        await inserter.close()


def test_pauses_between_attempts_grow_to_five_minutes() -> None:
    assert list(islice(growing_pauses(2.0), 10)) == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


async def test_failed_attempt_is_followed_by_another() -> None:
    tried = list[Rules]()

    async def open_again(rules: Rules) -> HelperInserter:
        tried.append(rules)
        raise InsertionUnavailable("not now")

    inserter = RetriedInserter("not yet", Rules(), open_again, 0.01)
    await wait_until(lambda: len(tried) >= 3, "it is tried again")
    await inserter.close()
