"""Test that the scenes of files, dictionary, monitor and first steps show every state."""

import pytest

from app.core.sentences import LANGUAGES
from app.core.states import State
from app.files.view import FileState
from app.monitoring.view import Link
from app.onboarding.steps import Step
from scripts import scenes_pages


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_state_of_files_is_shown(language: str) -> None:
    views = [scenes_pages.files(language), scenes_pages.trouble(language)]
    assert {file.state for view in views for file in view.files} == set(FileState)
    assert any(view.note for view in views)


def test_marks_of_example_cover_the_replacement() -> None:
    one = scenes_pages.example("on git hub", "git hub", "GitHub")
    assert one.before[slice(*one.before_mark)] == "git hub" and one.after[slice(*one.after_mark)] == "GitHub"


def test_monitor_views_cover_every_link_state() -> None:
    busy, lost, nobody, never, connecting = scenes_pages.views()
    assert (busy.link, lost.link, nobody.link, never.link) == (Link.LIVE, Link.LOST, Link.LIVE, Link.LOST)
    assert connecting.link is Link.CONNECTING
    assert {State.LISTENING, State.WAITING} <= {row.state for row in busy.utterances}
    assert lost.gateway and not never.gateway and not nobody.workers


def test_every_first_step_is_shown() -> None:
    assert set(scenes_pages.OUTCOMES) == set(Step)
