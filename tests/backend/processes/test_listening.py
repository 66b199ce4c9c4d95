"""Listening sockets of the supervisor."""

import socket
from pathlib import Path

import pytest

from backend.core.errors import InvalidSettings
from backend.http.modes import ListenAddress
from backend.processes.listening import forwards, listening


def test_listeners_have_ports_and_close_at_the_end() -> None:
    with listening([ListenAddress("127.0.0.1", 0), ListenAddress("127.0.0.1", 0, tls=True)]) as found:
        assert [one.tls for one in found] == [False, True] and len({one.port for one in found}) == 2
        port = found[0].port
        socket.create_connection(("127.0.0.1", port)).close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port))


def test_used_port_is_an_error() -> None:
    with (
        listening([ListenAddress("127.0.0.1", 0)]) as (one,),
        pytest.raises(OSError, match="in use"),
        listening([ListenAddress("127.0.0.1", one.port)]),
    ):
        pass


def test_forwards_replace_files_of_a_killed_gateway(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_text("")
    with forwards(path), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    assert not path.exists()


def test_too_long_path_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="KIKIPOUNAMU_HOME"), forwards(tmp_path / ("x" * 120)):
        pass
