from functools import partial

import pytest
from Xlib.error import BadRequest
from Xlib.ext import ge, xinput

from app.core.area import Area
from app.insertion.x11.clicks import Clicks
from app.x11.connection import X11Connection
from tests.helpers.desktop import PATIENT_S, Desktop

LEFT, RIGHT = Area(0, 0, 600, 800), Area(600, 0, 600, 800)


def counted(clicks: Clicks, number: int) -> bool:
    return clicks.count() == number


def test_clicks_are_counted_where_they_happen(screen: Desktop, connection: X11Connection) -> None:
    clicks = Clicks(connection)
    before = clicks.count()
    assert clicks.last_in(LEFT) == 0
    for number, x in enumerate((300, 900, 900, 300), 1):
        screen.xdotool("mousemove", str(x), "700", "click", "1")
        assert connection.wait(partial(counted, clicks, before + number), PATIENT_S)
    assert (clicks.last_in(LEFT), clicks.last_in(RIGHT)) == (before + 4, before + 3)
    assert clicks.last_in(Area(1200, 0, 80, 80)) == 0


def test_clicks_after_a_restart_have_higher_numbers(screen: Desktop, connection: X11Connection) -> None:
    """The helper process may have been restarted since the last text."""
    earlier = Clicks(connection)
    before = earlier.count()
    screen.xdotool("mousemove", "300", "700", "click", "1", "click", "1")
    assert connection.wait(partial(counted, earlier, before + 2), PATIENT_S)
    later = Clicks(connection)
    unclicked = later.count()
    assert earlier.count() < unclicked and later.last_in(LEFT) == 0
    screen.xdotool("click", "1")
    assert connection.wait(lambda: later.count() > unclicked, PATIENT_S)
    assert later.last_in(LEFT) > earlier.last_in(LEFT)


def test_keys_and_the_wheel_are_no_clicks(screen: Desktop, connection: X11Connection) -> None:
    clicks = Clicks(connection)
    before = clicks.count()
    screen.xdotool("mousemove", "300", "700", "click", "4", "click", "5", "key", "a", "click", "1")
    assert connection.wait(partial(counted, clicks, before + 1), PATIENT_S)
    assert clicks.last_in(LEFT) == before + 1


class OldServer:
    """Fake connection to a server whose X Input Extension is of version 1, or missing."""

    def __init__(self, *extensions: str) -> None:
        self.display = self
        self._extensions = extensions

    def has_extension(self, name: str) -> bool:
        return name in self._extensions

    def get_extension_major(self, name: str) -> int:
        return 131

    def send_request(self, request: object, has_error: bool) -> None:
        raise BadRequest(None, bytes(32))

    def sync(self) -> None:
        """Do nothing, as no event is on its way."""

    def handle_pending(self) -> bool:
        return False


@pytest.mark.parametrize("extensions", [(), (xinput.extname,), (xinput.extname, ge.extname)])
def test_no_clicks_are_known_of_a_server_that_reports_none(extensions: tuple[str, ...]) -> None:
    clicks = Clicks(OldServer(*extensions))  # type: ignore[arg-type] # only what is used is there
    assert clicks.count() == clicks.count() and clicks.last_in(LEFT) == 0
