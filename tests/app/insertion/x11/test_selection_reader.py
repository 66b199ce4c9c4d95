import pytest

from app.insertion.x11.selection_reader import Contents, ContentsReader, Value
from app.x11.connection import X11Connection
from tests.helpers.desktop import Desktop


def test_selection_without_owner_is_empty(connection: X11Connection) -> None:
    assert ContentsReader(connection).read(connection.atom("CLIPBOARD")) == Contents()


def test_copied_text_is_read(screen: Desktop, connection: X11Connection) -> None:
    screen.copy("内容".encode())
    kind = connection.atom("UTF8_STRING")
    found = ContentsReader(connection).read(connection.atom("CLIPBOARD"))
    assert found == Contents({kind: Value(kind, 8, "内容".encode())})


def test_large_contents_are_read_in_pieces(screen: Desktop, connection: X11Connection) -> None:
    data = bytes(range(256)) * 2**13
    screen.copy(data, "image/png")
    found = ContentsReader(connection).read(connection.atom("CLIPBOARD"))
    assert found is not None
    assert found.values[connection.atom("image/png")].data == data


def test_contents_above_the_size_limit_are_not_read(screen: Desktop, connection: X11Connection) -> None:
    screen.copy(bytes(1001), "image/png")
    clipboard = connection.atom("CLIPBOARD")
    assert ContentsReader(connection, most_bytes=1000).read(clipboard) is None
    assert ContentsReader(connection, most_bytes=1001).read(clipboard) is not None


def test_read_fails_when_the_owner_does_not_answer(connection: X11Connection) -> None:
    """The owner is this connection, which answers no requests here."""
    clipboard = connection.atom("CLIPBOARD")
    connection.window.set_selection_owner(clipboard, connection.server_time())
    assert ContentsReader(connection, deadline_s=0.1).read(clipboard) is None


@pytest.mark.parametrize(("value", "size"), [(Value(1, 8, b"abc"), 3), (Value(1, 32, [1, 2]), 8)])
def test_size_of_a_value_is_in_bytes(value: Value, size: int) -> None:
    assert value.size == size
