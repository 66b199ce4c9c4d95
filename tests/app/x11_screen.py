"""A screen, and connections to it, for the tests of several folders. Each folder has a separate screen."""

from collections.abc import Iterator

import pytest

from app.x11.connection import X11Connection
from tests.helpers.desktop import Desktop, running_desktop
from tests.helpers.x11 import connected


@pytest.fixture(scope="package")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    """A screen without a tray."""
    with running_desktop(tmp_path_factory.mktemp("screen"), tray=False) as desktop:
        yield desktop


@pytest.fixture
def connection(screen: Desktop) -> Iterator[X11Connection]:
    """A connection to the screen."""
    with connected(screen) as found:
        yield found


@pytest.fixture
def other(screen: Desktop) -> Iterator[X11Connection]:
    """A connection of another client in the same process."""
    with connected(screen) as found:
        yield found
