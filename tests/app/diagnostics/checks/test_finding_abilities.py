"""Findings about abilities: every one has texts in both languages, and a remedy where something is missing."""

from itertools import product

import pytest

from app.core.sentences import Sentences
from app.desktop.abilities import (
    IN_PLACE,
    Ability,
    KeyLines,
    LinesState,
    Support,
    abilities,
)
from app.diagnostics.checks.finding import Severity, ability_finding, finding_text
from app.hotkeys.compositor_lines import Compositor
from tests.app.desktop.desktops import DESKTOPS


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("desktop", DESKTOPS)
def test_each_ability_is_worded(desktop: str, language: str) -> None:
    for support in abilities(DESKTOPS[desktop]):
        worded = finding_text(Sentences(language), ability_finding(support))
        assert worded.title and worded.found
        assert bool(worded.do) == (not support.means), worded


def test_finding_names_means_or_what_is_lacking_for_programs() -> None:
    has = ability_finding(Support(Ability.FOCUS, "kwin"))
    assert (has.severity, has.key) == (Severity.OK, "focus-kwin")
    lacks = ability_finding(Support(Ability.HOTKEYS, lacks="lines"))
    assert (lacks.severity, lacks.key) == (Severity.ADVICE, "hotkeys-lines")


def test_written_lines_are_as_good_as_hotkeys_and_change_nothing_else() -> None:
    for ability, state in product(Ability, LinesState):
        support = Support(ability, lacks="lines")
        found = ability_finding(support, KeyLines(Compositor.SWAY, place="/config", state=state))
        written = (found.key, found.values) == ("hotkeys-written", {"file": "/config"})
        assert written == (ability is Ability.HOTKEYS and state in IN_PLACE)
