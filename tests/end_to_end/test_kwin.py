"""Test the whole app on a real KWin: clipboard by data-control, keys by a portal, the text in another window."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.digit_dictation import ENGINE, MATRIX, arrives, engine, waits_for_password_field
from tests.helpers.isolated_app import isolated
from tests.helpers.kwin_app import KWinApp, running_kwin_app

pytestmark = [pytest.mark.funasr, pytest.mark.serial("wayland"), pytest.mark.proof(minutes=5)]


@pytest.fixture(scope="module")
def app(models: Path) -> Iterator[KWinApp]:
    engine()  # it takes longer to load than the app shows the reason of a held text
    with running_kwin_app(models, *ENGINE) as app:
        yield app


@pytest.fixture(autouse=True)
def nothing_stays(app: KWinApp) -> Iterator[None]:
    with isolated(app):
        yield


@pytest.mark.parametrize(("mode", "target", "situation"), MATRIX)
def test_text_arrives_on_kwin(app: KWinApp, mode: str, target: str, situation: str) -> None:
    arrives(app, mode, target, situation)


def test_text_waits_where_password_field_has_focus(app: KWinApp) -> None:
    waits_for_password_field(app)
