"""Tests of the state of the check for newer versions."""

import pytest

from app.core.errors import Note
from app.updates.view import UpdatesView
from tests.helpers.signed_index import MADE_S, index_of

RELEASE = index_of("0.2.0").releases[0]
FAILED = Note("updates-stale")


@pytest.mark.parametrize(
    ("view", "state"),
    [
        (UpdatesView(), "unknown"),
        (UpdatesView(asked_s=MADE_S), "current"),
        (UpdatesView(asked_s=MADE_S, note=FAILED), "unknown"),
        (UpdatesView(release=RELEASE), "newer"),
        (UpdatesView(release=RELEASE, note=FAILED), "newer"),
        (UpdatesView(asking=True, release=RELEASE), "asking"),
    ],
)
def test_state_follows_from_the_answer_and_the_problem(view: UpdatesView, state: str) -> None:
    assert view.state == state
