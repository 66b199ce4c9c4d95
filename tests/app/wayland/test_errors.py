"""Errors of Wayland name what is missing."""

from app.wayland.errors import InterfaceMissing


def test_missing_interface_names_itself() -> None:
    error = InterfaceMissing("wl_seat")
    assert error.name == "wl_seat" and str(error) == "the compositor does not offer wl_seat"
