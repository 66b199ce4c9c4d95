"""Compositors without a screen, for one test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.wayland_desktop import WaylandDesktop, running_labwc, running_sway


@pytest.fixture
def sway(tmp_path: Path) -> Iterator[WaylandDesktop]:
    """Run a sway without windows for the test."""
    with running_sway(tmp_path) as desktop:
        yield desktop


@pytest.fixture
def labwc(tmp_path: Path) -> Iterator[WaylandDesktop]:
    """Run a labwc without windows for the test."""
    with running_labwc(tmp_path) as desktop:
        yield desktop
