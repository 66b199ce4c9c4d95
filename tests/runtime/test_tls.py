"""Faults of certificates, and the closing of connections."""

import socket
from asyncio import WriteTransport
from collections.abc import Callable
from typing import Any

import pytest

from runtime.tls import abort, date_fault, names_another_host, tls_end


@pytest.mark.parametrize(
    ("code", "text", "another"),
    [(9, "is not valid yet", False), (10, "has expired", False), (18, "", False), (62, "", True), (64, "", True)],
)
def test_fault_of_a_certificate_is_known_by_the_code_of_openssl(code: int, text: str, another: bool) -> None:
    error = OSError("certificate verify failed")
    error.verify_code = code  # type: ignore[attr-defined] # as errors of ``ssl`` have it
    assert date_fault(error) == text and names_another_host(error) is another
    assert date_fault(OSError()) == "" and not names_another_host(OSError())


def info(tls: object, connection: socket.socket) -> Callable[[str], Any]:
    return {"ssl_object": tls, "socket": connection}.get


def test_tls_end_cuts_only_tls_connections_and_ignores_closed_ones() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        with ours:
            tls_end(info(None, ours))()
            ours.send(b"open")
            assert theirs.recv(10) == b"open"
            end = tls_end(info(object(), ours))
            end()
            assert theirs.recv(10) == b""
        end()


def test_abort_ignores_a_connection_that_is_closed() -> None:
    class Closed(WriteTransport):
        """Transport of Python 3.11.2 once TLS has ended."""

        def abort(self) -> None:
            raise AttributeError("'NoneType' object has no attribute '_abort'")

    abort(Closed())
