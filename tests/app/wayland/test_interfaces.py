"""The declared interfaces agree with each other."""

from app.wayland.interfaces import by_name


def test_created_objects_have_known_interfaces_or_are_never_created() -> None:
    known = by_name()
    unknown = {
        message.creates
        for interface in known.values()
        for message in (*interface.requests, *interface.events)
        if message.creates and message.creates not in known
    }
    assert unknown == {"wl_pointer", "wl_touch"}


def test_every_new_object_names_its_interface() -> None:
    for interface in by_name().values():
        for message in (*interface.requests, *interface.events):
            if message.name == "bind":  # the request names the interface
                continue
            assert (message.signature.count("n") == 1) is bool(message.creates), message
