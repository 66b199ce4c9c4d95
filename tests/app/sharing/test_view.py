from app.gateways.view import FoundView, GatewaysView, GatewayView
from app.sharing.view import MOST, InviteView, LentView, nearby


def test_pairing_code_is_not_in_the_repr() -> None:
    assert "48150623" not in repr(InviteView(code="48150623", link="kikipounamu://pair?code=48150623"))


ATTIC = FoundView("attic", ("https://10.0.0.3:8765",), "c" * 64)
DESK = GatewayView("d" * 16, "desk", "10.0.0.4:8765")
WRITTEN = GatewayView("", "https://gpu:1", "gpu:1", chosen=True)


def test_discovered_and_paired_gateways_are_offered() -> None:
    desk = FoundView("desk", ("https://10.0.0.4:8765",), "")
    assert nearby(GatewaysView((DESK, WRITTEN), (ATTIC,)), ()) == (ATTIC, desk)


def test_gateways_already_lent_to_are_not_offered() -> None:
    lent = (LentView("c" * 16, "attic"), LentView(DESK.id, "desk"))
    assert nearby(GatewaysView((DESK,), (ATTIC,)), lent) == ()


def test_number_of_offered_gateways_is_limited() -> None:
    found = tuple(FoundView(str(number), ATTIC.urls, f"{number:064}") for number in range(2 * MOST))
    assert nearby(GatewaysView(found=found), ()) == found[:MOST]
