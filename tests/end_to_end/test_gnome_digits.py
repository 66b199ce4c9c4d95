"""Test the whole app on a real GNOME Shell: keys of the portal, texts by IBus, words of the digits model."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.digit_dictation import ENGINE, MATRIX, arrives, engine, waits_for_password_field
from tests.helpers.gnome_app import GnomeApp, running_gnome_app
from tests.helpers.gnome_desktop import US
from tests.helpers.isolated_app import isolated

pytestmark = [pytest.mark.funasr, pytest.mark.serial("gnome"), pytest.mark.proof(minutes=6)]


@pytest.fixture(scope="module")
def app(models: Path) -> Iterator[GnomeApp]:
    engine()  # it takes longer to load than the app shows the reason of a held text
    with running_gnome_app(models, *ENGINE) as app:
        yield app


@pytest.fixture(autouse=True)
def nothing_stays(app: GnomeApp) -> Iterator[None]:
    with isolated(app):
        yield
    assert (app.desktop.engine, app.desktop.modifiers) == (US, 0)


@pytest.mark.parametrize(("mode", "target", "situation"), MATRIX)
def test_text_arrives_on_gnome(app: GnomeApp, mode: str, target: str, situation: str) -> None:
    arrives(app, mode, target, situation)


def test_text_waits_where_password_field_has_focus(app: GnomeApp) -> None:
    waits_for_password_field(app)
