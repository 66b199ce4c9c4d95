"""A large session is taken up in steps, so that other sessions do not wait for it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from backend.connection import Connection
from backend.hosted import Hosted
from backend.ledger import STEP, Steps
from backend.segments import Output
from protocol.errors import TakenOver

MOST_FLYING: Final = 256
"""Commands of one connection that the broker has not answered; then nothing more is read from it."""
_ALIVE_S: Final = 1.0
_AT_ONCE: Final = 3  # steps of a session of up to ``STEP`` segments


class Adoption:
    """Of one gateway. One large session at a time: several would add up."""

    def __init__(self) -> None:
        self._alone = asyncio.Lock()

    async def run(self, hosted: Hosted, connection: Connection, steps: Steps) -> list[Output]:
        """Return what ``steps`` come to; what is said to the client meanwhile waits in ``hosted.late``.

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
    hosted: Hosted, connection: Connection, outputs: Sequence[Output], perform: Callable[[Sequence[Output]], None]
) -> None:
    """Carry out what may be much. Raises ``TakenOver`` as ``Adoption.run``."""
    perform(outputs[:STEP])
    for at in range(STEP, len(outputs), STEP):
        await asyncio.sleep(0)
        _check(hosted, connection)
        perform(outputs[at : at + STEP])


def go_through(steps: Steps, then: Callable[[list[Output]], None]) -> None:
    """Take one step in each turn of the loop; ``then`` gets what they come to."""
    if (outputs := _some(steps, 1)) is None:
        asyncio.get_running_loop().call_soon(go_through, steps, then)
    else:
        then(outputs)


async def until_room(hosted: Hosted, connection: Connection) -> None:
    """Wait until the broker has answered enough of what this session asked; its client is not to blame."""
    while hosted.flying >= MOST_FLYING and not connection.closing:
        hosted.landed.clear()
        try:
            async with asyncio.timeout(_ALIVE_S):
                await hosted.landed.wait()
        except TimeoutError:
            connection.heard = True


def _some(steps: Steps, most: int) -> list[Output] | None:
    """Take so many steps; return their outputs if these were the last ones."""
    try:
        for _ in range(most):
            next(steps)
    except StopIteration as end:
        outputs: list[Output] = end.value
        return outputs
    return None


def _check(hosted: Hosted, connection: Connection) -> None:
    if hosted.binding is not connection:
        raise TakenOver("another connection now speaks for this session")
