"""Which gateways are offered to be lent to."""

from app.gateways.view import FoundView, GatewaysView, GatewayView
from app.sharing.nearby import MOST, nearby
from app.sharing.view import LentView

ATTIC = FoundView("attic", ("https://10.0.0.3:8765",), "c" * 64)
DESK = GatewayView("d" * 16, "desk", "10.0.0.4:8765")
WRITTEN = GatewayView("", "https://gpu:1", "gpu:1", chosen=True)


def test_those_that_are_found_and_those_that_are_paired_are_offered() -> None:
    desk = FoundView("desk", ("https://10.0.0.4:8765",), "")
    assert nearby(GatewaysView((DESK, WRITTEN), (ATTIC,)), ()) == (ATTIC, desk)


def test_those_that_are_lent_to_are_not() -> None:
    lent = (LentView("c" * 16, "attic"), LentView(DESK.id, "desk"))
    assert nearby(GatewaysView((DESK,), (ATTIC,)), lent) == ()


def test_there_are_not_more_than_can_be_looked_through() -> None:
    found = tuple(FoundView(str(number), ATTIC.urls, f"{number:064}") for number in range(2 * MOST))
    assert nearby(GatewaysView(found=found), ()) == found[:MOST]
