"""Adoption of large sessions in steps, so that other sessions are not delayed."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from backend.sessions.connection import ClientConnection
from backend.sessions.ledger import STEP, Steps
from backend.sessions.segments import Output
from backend.sessions.session import TAKEN_OVER
from backend.sessions.session_slot import SessionSlot
from protocol.errors import ProtocolError, TakenOver
from runtime.tasks import is_set_within

MOST_FLYING: Final = 256
"""Limit of unanswered commands per connection; at the limit, the gateway stops reading from it."""
_ALIVE_S: Final = 1.0
_AT_ONCE: Final = 3  # steps of a session of up to ``STEP`` segments


class Adoption:
    """Adoption for one gateway. Large sessions take turns, because their delays would add up."""

    def __init__(self) -> None:
        self._alone = asyncio.Lock()

    async def run(self, hosted: SessionSlot, connection: ClientConnection, steps: Steps) -> list[Output]:
        """Return the outputs of ``steps``; messages to the client meanwhile collect in ``hosted.late``.

        Raises ``TakenOver`` when another connection has come for the session.
        """
        if (outputs := _some(steps, _AT_ONCE)) is not None:
            return outputs
        try:
            async with self._alone:
                while (outputs := _some(steps, 1)) is None:
                    await asyncio.sleep(0)
                    _check(hosted, connection)
                return outputs
        except BaseException:
            if hosted.binding is connection:
                hosted.late = None
            raise


async def perform_some(
    hosted: SessionSlot,
    connection: ClientConnection,
    outputs: Sequence[Output],
    perform: Callable[[Sequence[Output]], None],
) -> None:
    """Perform a possibly long list of outputs in batches. Raises ``TakenOver`` as ``Adoption.run`` does."""
    perform(outputs[:STEP])
    for at in range(STEP, len(outputs), STEP):
        await asyncio.sleep(0)
        _check(hosted, connection)
        perform(outputs[at : at + STEP])


def go_through(
    steps: Steps, then: Callable[[list[Output]], None], failed: Callable[[ProtocolError], None]
) -> None:
    """Take one step in each turn of the loop; ``then`` gets the outputs, ``failed`` the error of a step."""
    try:
        outputs = _some(steps, 1)
    except ProtocolError as error:
        failed(error)
        return
    if outputs is None:
        asyncio.get_running_loop().call_soon(go_through, steps, then, failed)
    else:
        then(outputs)


async def until_room(hosted: SessionSlot, connection: ClientConnection) -> None:
    """Wait until the broker has answered enough commands of this session, and keep its connection alive."""
    while hosted.flying >= MOST_FLYING and not connection.closing:
        hosted.landed = hosted.landed or asyncio.Event()
        hosted.landed.clear()
        if not await is_set_within(hosted.landed, _ALIVE_S):
            connection.heard = True


def _some(steps: Steps, most: int) -> list[Output] | None:
    """Take at most ``most`` steps; return their outputs if the steps are complete."""
    try:
        for _ in range(most):
            next(steps)
    except StopIteration as end:
        outputs: list[Output] = end.value
        return outputs
    return None


def _check(hosted: SessionSlot, connection: ClientConnection) -> None:
    if hosted.binding is not connection:
        raise TakenOver(TAKEN_OVER)
