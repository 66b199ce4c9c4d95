from app.wayland.session import is_wayland


def test_session_is_wayland_by_its_type_or_its_display() -> None:
    assert is_wayland({"XDG_SESSION_TYPE": "wayland", "DISPLAY": ":0"})
    assert is_wayland({"WAYLAND_DISPLAY": "wayland-0"})
    assert not is_wayland({"XDG_SESSION_TYPE": "x11", "DISPLAY": ":0"})
