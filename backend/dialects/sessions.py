"""Sessions for adapters: each request has its own, which no other client can resume."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from backend.core.errors import OverQuota
from backend.core.refusal import Refusal, RefusalReason
from backend.dialects.inner_connection import InnerConnection
from backend.dialects.speech_detectors import SpeechDetectors
from backend.http.access import AdmittedRequest
from backend.sessions.hub import Hub
from client.audio_store import TemporaryAudio
from client.cancellation import cancel_and_close
from client.connection import Address, Connect, Connection, fixed_locator
from client.errors import SessionLost
from client.gateway import GatewayClient
from client.settings import ClientSettings
from protocol.recognition import Options

_HERE: Final = fixed_locator(Address("", name="this gateway"))
_GIVE_UP_S: Final = 60.0
_QUIET_S: Final = 120.0


Refuse = Callable[[AdmittedRequest], Refusal | None]
"""Returns the reason why no further stream of this device is admitted now, or ``None``."""


@dataclass(frozen=True)
class DialectSessions:
    """Factory of sessions for adapters.

    ``vad_folder``: folder of the VAD model, if it is installed.
    """

    hub: Hub
    refusal: Refuse
    vad_folder: Path | None = None

    @cached_property
    def hearing(self) -> SpeechDetectors:
        """The detectors of speech for live streams."""
        return SpeechDetectors(self.vad_folder)

    @asynccontextmanager
    async def client(self, visit: AdmittedRequest, options: Options, name: str) -> AsyncIterator[GatewayClient]:
        """Yield a client of a new session; ``name``: that of the adapter. Raises ``OverQuota``.

        Segments without a result are withdrawn at the end: no other program can resume the session.
        """
        if refusal := self.refusal(visit):
            raise OverQuota(refusal)
        opened = [InnerConnection(self.hub, visit)]  # at once, so that the next request of this key counts it

        @asynccontextmanager
        async def connecting(settings: ClientSettings) -> AsyncIterator[Connect]:
            def to(address: Address, resume: bool) -> Coroutine[Any, Any, Connection]:
                return self._open(visit, opened)

            yield to

        settings = ClientSettings(
            connecting=connecting,
            name=name,
            first_contact_s=_GIVE_UP_S,  # the session was admitted: a slow broker only delays it
            give_up_s=_GIVE_UP_S,
            quiet_s=_QUIET_S,
        )
        try:
            with TemporaryAudio() as store:
                async with GatewayClient(_HERE, uuid4(), store, options, settings) as client:
                    try:
                        yield client
                    finally:
                        await cancel_and_close(client)
        finally:
            for unused in opened:
                await unused.close()

    async def _open(self, visit: AdmittedRequest, opened: list[InnerConnection]) -> InnerConnection:
        """Open a connection, also after a lost one, unless the gateway ends: its own clients would delay that.

        ``opened``: the first connection, which is open already.
        """
        if opened:
            return opened.pop()
        if (refusal := self.refusal(visit)) and refusal.reason is RefusalReason.LEAVING:
            raise SessionLost(refusal.message, ())
        return InnerConnection(self.hub, visit)
