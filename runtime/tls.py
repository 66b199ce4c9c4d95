"""TLS: faults of a certificate's dates and names, redirects that evade it, and the closing of connections."""

from asyncio import WriteTransport
from collections.abc import Callable
from contextlib import suppress
from socket import SHUT_RDWR
from types import SimpleNamespace
from typing import Any, Final

import aiohttp

_DATED: Final = {9: "is not valid yet", 10: "has expired"}
_OTHER_NAME: Final = (62, 64)
"""Faults of a certificate's dates, and of its host names and addresses, by OpenSSL's code (X509_V_ERR_*)."""


def date_fault(error: BaseException) -> str:
    """Describe the fault of a refused certificate's dates; empty if they are valid."""
    return _DATED.get(getattr(error, "verify_code", 0), "")


def names_another_host(error: BaseException) -> bool:
    """Return whether a certificate was refused because it does not name the host that was asked for."""
    return getattr(error, "verify_code", 0) in _OTHER_NAME


def no_redirects() -> aiohttp.TraceConfig:
    """Return a trace for a session: each redirect that would be followed raises ``WSServerHandshakeError``.

    aiohttp 3 has no such option for WebSockets. A redirect could lead to another computer, without TLS and without
    the pinned certificate.
    """
    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(_refuse)
    return trace


async def _refuse(
    session: aiohttp.ClientSession, context: SimpleNamespace, redirected: aiohttp.TraceRequestRedirectParams
) -> None:
    answer = redirected.response
    raise aiohttp.WSServerHandshakeError(
        answer.request_info, answer.history, status=answer.status, message="a redirect", headers=answer.headers
    )


def abort(transport: WriteTransport) -> None:
    """Cut a connection. If it is closed, ignore the error that Python 3.11.2 (Debian 12) raises for TLS."""
    with suppress(AttributeError):
        transport.abort()


def tls_end(extra_info: Callable[[str], Any]) -> Callable[[], None]:
    """Return a function that cuts the TCP connection of a WebSocket over TLS, to be called once it is closed.

    ``extra_info``: its method ``get_extra_info``. A peer that never ends TLS, such as Envoy, keeps it for 30 s.
    """
    tls = extra_info("socket") if extra_info("ssl_object") else None

    def end() -> None:
        if tls is not None:
            # A second number of the same connection: uvloop's own sockets refuse `shutdown`.
            with suppress(OSError), tls.dup() as connection:  # OSError: it is closed
                connection.shutdown(SHUT_RDWR)

    return end
