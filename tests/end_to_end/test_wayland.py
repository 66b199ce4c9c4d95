"""Test the whole desktop app on real compositors of Wayland: a key, a voice, and the text in another window.

As a proof, sway gets each pair of mode, target and situation, and labwc, which tells programs no releases, each
target.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.hotkeys.compositor_lines import Compositor
from tests.helpers.digit_dictation import ENGINE, MORE_PAIRS, PAIRS, arrives, engine, waits_for_password_field
from tests.helpers.isolated_app import isolated
from tests.helpers.wayland_app import Running, WaylandApp, running_wayland_app
from tests.helpers.wayland_desktop import running_labwc, running_sway

pytestmark = [pytest.mark.funasr, pytest.mark.serial("wayland"), pytest.mark.timeout(300)]

COMPOSITORS: dict[str, Running] = {"sway": running_sway, "labwc": running_labwc}
ON_LABWC = [("foot", "html"), ("xterm", "moved")]
MORE_ON_LABWC = [("GTK", "plain"), ("Qt", "image")]


@pytest.fixture(scope="module", params=COMPOSITORS)
def app(models: Path, request: pytest.FixtureRequest) -> Iterator[WaylandApp]:
    engine()  # it takes longer to load than the app shows the reason of a held text
    name = Compositor(request.param)
    with running_wayland_app(models, COMPOSITORS[name], name, *ENGINE) as app:
        yield app


@pytest.fixture(autouse=True)
def nothing_stays(app: WaylandApp) -> Iterator[None]:
    with isolated(app):
        yield


@pytest.mark.parametrize("app", ["sway"], indirect=True)
@pytest.mark.parametrize(("mode", "target", "situation"), PAIRS)
def test_text_arrives_on_sway(app: WaylandApp, mode: str, target: str, situation: str) -> None:
    arrives(app, mode, target, situation)


@pytest.mark.parametrize("app", ["labwc"], indirect=True)
@pytest.mark.parametrize(("target", "situation"), ON_LABWC)
def test_text_arrives_on_labwc(app: WaylandApp, target: str, situation: str) -> None:
    arrives(app, "toggle", target, situation)


@pytest.mark.proof(minutes=2)
@pytest.mark.parametrize("app", ["sway"], indirect=True)
def test_text_arrives_in_all_other_pairs_on_sway(app: WaylandApp) -> None:
    for mode, target, situation in MORE_PAIRS:
        with isolated(app):
            arrives(app, mode, target, situation)


@pytest.mark.proof(minutes=1)
@pytest.mark.parametrize("app", ["labwc"], indirect=True)
def test_text_arrives_in_all_other_targets_on_labwc(app: WaylandApp) -> None:
    for target, situation in MORE_ON_LABWC:
        with isolated(app):
            arrives(app, "toggle", target, situation)


@pytest.mark.parametrize("app", COMPOSITORS, indirect=True)
def test_text_waits_where_password_field_has_focus(app: WaylandApp) -> None:
    waits_for_password_field(app)
