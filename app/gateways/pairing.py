"""Pair with one gateway at a time, and ask a forgotten one to revoke this device's key.

A failure to exchange the typed code for a key is explained in a note.
"""

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from app.core.errors import AppError, Note
from app.core.problem_notes import note_of, unexpected_note
from app.gateways.store import PairedGateway
from app.gateways.view import PairGateway, PairingProgress, PairingView
from client.errors import GatewayError, Unreachable, WrongGateway
from client.pairing import NewPairing, pair
from client.request import request
from protocol.devices import DEVICES_PATH, DeviceKind
from protocol.errors import MalformedMessage
from protocol.pairing import clean_code
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import OneTask, Tasks

Pair = Callable[[str, str, str, DeviceKind, str], Coroutine[Any, Any, NewPairing]]


class PairingAttempt:
    """A pairing and its state. ``keep`` stores the new gateway, returns its id, and may raise an error.

    ``keep`` completes even if its caller is cancelled. ``changed`` is called after each change of ``view``.
    ``kind``: of the key.
    """

    def __init__(
        self,
        keep: Callable[[NewPairing], Awaitable[str]],
        changed: Callable[[], None],
        pair: Pair = pair,
        kind: DeviceKind = DeviceKind.CLIENT,
    ) -> None:
        self._keep, self._changed, self._pair, self._kind = keep, changed, pair, kind
        self._tasks = Tasks("pairing")
        self._running = OneTask(self._tasks, "pair")
        self._wrong = ""  # the last refused code
        self.view = PairingView()

    def begin(self, wanted: PairGateway) -> None:
        """Begin this pairing and cancel a running one."""
        self.end()
        self._show(PairingView(PairingProgress.ASKING))
        self._running.start(partial(self._run, wanted))

    def end(self) -> None:
        """Cancel a running pairing and dismiss its result."""
        self._running.stop()
        self._show(PairingView())

    async def close(self) -> None:
        """Cancel the pairing. Safe to call twice."""
        self.end()
        await self._tasks.close()

    async def _run(self, wanted: PairGateway) -> None:
        try:
            made = await self._pair_at_first(wanted)
            gateway = await self._keep(made)
        except MalformedMessage:
            self._show(PairingView(PairingProgress.REFUSED, note=Note("pair-no-code")))
        except (GatewayError, AppError) as error:
            self._show(PairingView(PairingProgress.REFUSED, note=self._why(error, wanted)))
        except Exception as error:
            self._show(PairingView(PairingProgress.REFUSED, note=unexpected_note(error)))
            raise  # this task's end is logged
        else:
            self._show(PairingView(PairingProgress.PAIRED, gateway, made.address.name))

    def _why(self, error: Exception, wanted: PairGateway) -> Note:
        """Return the note for a failure. The same code refused twice is unlikely to be a typing error.

        A gateway may lie about a wrong code, and that cannot be detected.
        """
        note = note_of(error)
        if note.key != "pair-wrong-code":
            return note
        before, self._wrong = self._wrong, clean_code(wanted.code)
        return Note("pair-wrong-again", note.values) if before == self._wrong else note

    async def _pair_at_first(self, wanted: PairGateway) -> NewPairing:
        """Pair at the first address that answers. Raises ``GatewayError`` or ``MalformedMessage``.

        Container bridges have the same address on many computers. If the certificate is known and another one is
        shown, the next address is tried. If no address shows the known one, the connection is being intercepted.
        """
        lost: GatewayError = Unreachable("there is no address")
        other: GatewayError | None = None
        for url in wanted.urls:
            try:
                return await self._pair(url, wanted.code, wanted.name, self._kind, wanted.certificate_sha256)
            except WrongGateway as error:
                other = error
            except Unreachable as error:
                lost = error
        raise other or lost

    def _show(self, view: PairingView) -> None:
        if view != self.view:
            self.view = view
            self._changed()


log = loggers.APP_GATEWAYS_LEAVING

_GONE: Final = (HTTPStatus.OK, HTTPStatus.UNAUTHORIZED)  # the latter: already revoked


async def leave(gateway: PairedGateway) -> bool:
    """Ask the gateway to revoke the key, and return whether the key is revoked.

    If it is not, the user must revoke it at the gateway.
    """
    asked = f"DELETE {DEVICES_PATH}/{quote(gateway.device, safe='')}"
    for address in gateway.addresses:
        try:
            await request(address, asked, object, expected=_GONE)
        except Unreachable:
            continue
        except GatewayError as error:
            log.info(LogEvent.GATEWAY_REVOCATION_REFUSED, reason=str(error))
            return False
        return True
    return False
