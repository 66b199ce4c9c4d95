"""Prove that texts arrive on compositors of Wayland: each pair of mode, target and situation, with a real model.

sway gets all pairs; labwc, which tells programs no releases, each target.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.hotkeys.compositor_lines import Compositor
from tests.helpers.digit_dictation import ENGINE, MATRIX, arrives, engine, waits_for_password_field
from tests.helpers.isolated_app import isolated
from tests.helpers.wayland_app import WaylandApp, running_wayland_app
from tests.helpers.wayland_desktop import running_labwc, running_sway

pytestmark = [pytest.mark.funasr, pytest.mark.serial("wayland"), pytest.mark.proof(minutes=3)]

ON_LABWC = [("GTK", "html"), ("Qt", "image"), ("foot", "plain"), ("xterm", "moved")]


@pytest.fixture
def sway(models: Path) -> Iterator[WaylandApp]:
    engine()  # it takes longer to load than the app shows the reason of a held text
    with running_wayland_app(models, running_sway, Compositor.SWAY, *ENGINE) as app:
        yield app


@pytest.fixture
def labwc(models: Path) -> Iterator[WaylandApp]:
    engine()
    with running_wayland_app(models, running_labwc, Compositor.LABWC, *ENGINE) as app:
        yield app


def test_text_arrives_in_all_pairs_on_sway(sway: WaylandApp) -> None:
    for mode, target, situation in MATRIX:
        with isolated(sway):
            arrives(sway, mode, target, situation)
    waits_for_password_field(sway)


def test_text_arrives_in_all_targets_on_labwc(labwc: WaylandApp) -> None:
    for target, situation in ON_LABWC:
        with isolated(labwc):
            arrives(labwc, "toggle", target, situation)
    waits_for_password_field(labwc)
