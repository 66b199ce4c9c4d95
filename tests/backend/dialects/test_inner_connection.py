"""A connection from within behaves as one over a socket does: refusals, revocation, closing."""

import asyncio
from typing import cast
from uuid import uuid4

import pytest

from backend.dialects.inner_connection import InnerConnection
from backend.gateway import Gateway
from backend.http.access import AdmittedRequest
from client.errors import Unreachable
from protocol.errors import CloseCode, ErrorCode
from protocol.session import AudioFormat, Error, Final, Finish, Hello, Welcome

DEADLINE_S = 10.0


async def greeted(connection: InnerConnection) -> None:
    """Say hello, and wait for the welcome."""
    await connection.send(Hello(uuid4(), "test"), DEADLINE_S)
    assert isinstance(await connection.receive(DEADLINE_S), Welcome)


async def ended(connection: InnerConnection) -> list[ErrorCode]:
    """Return the errors that come before the end."""
    errors = []
    while (message := await connection.receive(DEADLINE_S)) is not None:
        if isinstance(message, Error):
            errors.append(message.code)
    return errors


async def test_refused_hello_is_reported_before_the_end(gateway: Gateway, visit: AdmittedRequest) -> None:
    connection = InnerConnection(gateway.hub, visit)
    await connection.send(Hello(uuid4(), "test", AudioFormat(rate=8_000)), DEADLINE_S)
    assert await ended(connection) == [ErrorCode.UNSUPPORTED]
    with pytest.raises(Unreachable):
        await connection.send(Finish(0), DEADLINE_S)
    await connection.close()
    assert not gateway.hub.connections


async def test_violation_ends_the_connection(gateway: Gateway, visit: AdmittedRequest) -> None:
    connection = InnerConnection(gateway.hub, visit)
    await greeted(connection)
    await connection.send_audio(7, 0, b"\0\0", DEADLINE_S)
    assert await ended(connection) == [ErrorCode.OUT_OF_ORDER]
    assert connection.close_code == CloseCode.POLICY_VIOLATION
    await connection.close()
    await connection.close()


async def test_drain_ends_the_connection(gateway: Gateway, visit: AdmittedRequest) -> None:
    connection = InnerConnection(gateway.hub, visit)
    await greeted(connection)
    for one in tuple(gateway.hub.connections):
        one.close(CloseCode.GOING_AWAY, ErrorCode.GOING_AWAY)
    assert await ended(connection) == []
    assert connection.close_code == CloseCode.GOING_AWAY
    await connection.close()


async def test_failing_writer_ends_the_connection(gateway: Gateway, visit: AdmittedRequest) -> None:
    connection = InnerConnection(gateway.hub, visit)
    await greeted(connection)
    for one in gateway.hub.connections:
        one.send(Final(0, cast(str, object())))  # no message has it
    assert await ended(connection) == [ErrorCode.INTERNAL]
    assert connection.close_code == CloseCode.INTERNAL_ERROR
    await connection.close()


async def test_message_before_hello_is_unreachable(gateway: Gateway, visit: AdmittedRequest) -> None:
    connection = InnerConnection(gateway.hub, visit)
    with pytest.raises(Unreachable):
        await connection.send(Finish(0), DEADLINE_S)
    await connection.close()


async def test_silent_client_is_not_taken_for_dead(gateway: Gateway, visit: AdmittedRequest) -> None:
    connection = InnerConnection(gateway.hub, visit)
    await greeted(connection)
    for _ in range(4):
        gateway.hub.check_alive()
        await asyncio.sleep(0.01)
    assert not any(one.closing for one in gateway.hub.connections)
    await connection.close()
