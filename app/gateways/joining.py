"""One pairing at a time: the code that somebody typed becomes a key, or a note that says why not."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from app.errors import AppError
from app.gateways.actions import PairGateway
from app.gateways.view import PairingStage, PairingView
from app.problem_notes import note_of
from app.view import Note
from client.errors import GatewayError, SomebodyElse, Unreachable
from client.pairing import NewPairing, pair
from protocol.devices import DeviceKind
from protocol.errors import MalformedMessage
from protocol.pairing import clean_code
from runtime.tasks import Tasks

Pair = Callable[[str, str, str, DeviceKind, str], Coroutine[Any, Any, NewPairing]]


class Joining:
    """``keep`` stores what was paired, whether or not it is waited for, says its id, and may refuse.

    ``changed``: ``view`` is another one now.
    """

    def __init__(
        self,
        keep: Callable[[NewPairing], Awaitable[str]],
        changed: Callable[[], None],
        pair: Pair = pair,
    ) -> None:
        self._keep, self._changed, self._pair = keep, changed, pair
        self._tasks = Tasks("pairing")
        self._running: asyncio.Task[None] | None = None
        self._wrong = ""  # the code that was refused last
        self.view = PairingView()

    def begin(self, wanted: PairGateway) -> None:
        """This one, instead of what is under way."""
        self.end()
        self._show(PairingView(PairingStage.ASKING))
        self._running = self._tasks.start(self._run(wanted), "pair")

    def end(self) -> None:
        """Nobody wants to know any more."""
        if self._running is not None:
            self._running.cancel()
            self._running = None
        self._show(PairingView())

    async def close(self) -> None:
        """Safe to call twice."""
        self.end()
        await self._tasks.close()

    async def _run(self, wanted: PairGateway) -> None:
        try:
            made = await self._first(wanted)
            gateway = await self._keep(made)
        except MalformedMessage:
            self._show(PairingView(PairingStage.REFUSED, note=Note("pair-no-code")))
        except (GatewayError, AppError) as error:
            self._show(PairingView(PairingStage.REFUSED, note=self._why(error, wanted)))
        else:
            self._show(PairingView(PairingStage.PAIRED, gateway, made.address.name))

    def _why(self, error: Exception, wanted: PairGateway) -> Note:
        """That a code is wrong may be a lie, and nobody can tell; the same one twice is no slip of a finger."""
        note = note_of(error)
        if note.key != "pair-wrong-code":
            return note
        before, self._wrong = self._wrong, clean_code(wanted.code)
        return Note("pair-wrong-again", note.values) if before == self._wrong else note

    async def _first(self, wanted: PairGateway) -> NewPairing:
        """At the first address where it is, or anybody answers. Raises ``GatewayError`` or ``MalformedMessage``.

        A bridge of containers has the same address on many computers: where the certificate is known beforehand
        and another one is shown, the next address is tried. Where it is at none, somebody stands between.
        """
        lost: GatewayError = Unreachable("there is no address")
        other: GatewayError | None = None
        for url in wanted.urls:
            try:
                return await self._pair(
                    url, wanted.code, wanted.name, DeviceKind.CLIENT, wanted.certificate_sha256
                )
            except SomebodyElse as error:
                other = error
            except Unreachable as error:
                lost = error
        raise other or lost

    def _show(self, view: PairingView) -> None:
        if view != self.view:
            self.view = view
            self._changed()
