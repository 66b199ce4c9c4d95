"""List recordings in their current state, and settle the held texts of finished ones.

Journals record the state of each recording. For recordings of this run the state machine has newer information.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from app.core.errors import UsageMistake
from app.core.states import State
from app.dictation.actions import HeldAction
from app.dictation.delivery_log import DeliveryLog
from app.dictation.insertion_queue import SegmentId
from app.dictation.messages import Event, HeldBefore, Settle
from app.dictation.past_takes import PastTakes
from app.dictation.state_machine import Dictation
from app.dictation.view import TakeView
from app.journal.library import parse_session

LAST_TAKES: Final = 20


@dataclass(frozen=True)
class KnownRecordings:
    """The knowledge of this run about recordings.

    ``aside``: sessions that wait to be recognised until no other take does.
    """

    machine: Dictation
    deliveries: DeliveryLog
    aside: Collection[str] = ()


class Recordings:
    """The recordings that windows list.

    ``tell`` receives events. ``noted`` waits until the outcome of texts is on disk.
    """

    def __init__(
        self,
        earlier: PastTakes,
        known: KnownRecordings,
        tell: Callable[[Event], None],
        noted: Callable[[], Awaitable[None]],
    ) -> None:
        self._earlier, self._known, self._tell, self._noted = earlier, known, tell, noted
        self._machine, self._deliveries = known.machine, known.deliveries

    async def views(self, most: int = LAST_TAKES) -> list[TakeView]:
        """Return the newest recordings and those with held text, newest first, in their current state."""
        held = (self._deliveries.session(take) for take in self._machine.holding)
        return [self._now(view) for view in await self._earlier.views(most, [one for one in held if one])]

    async def hold_again(self) -> None:
        """Offer the texts that were held when the app last ended."""
        texts = dict[SegmentId, str]()
        for session, held in (await self._earlier.held(time.time())).items():
            if (take := self._deliveries.earlier(session)) <= 0:  # otherwise the take belongs to this run
                texts |= _pieces(take, held)
        self._tell(HeldBefore(texts))

    async def settle(self, session: str, how: HeldAction) -> None:
        """Paste, copy or dismiss the held texts of one recording, of this run or an earlier one.

        Raises ``TakeUnknown``, or ``UsageMistake`` if the recording has no held text.
        """
        known = parse_session(session)
        take = self._deliveries.number(known)
        if take is None or (take <= 0 and take not in self._machine.holding):
            await self._noted()  # otherwise texts just pasted would be read as held
            texts = await self._earlier.held_of(known)
            take = self._deliveries.earlier(known)
            self._tell(HeldBefore(_pieces(take, texts)))
        if take not in self._machine.holding:
            raise UsageMistake(f"{session} has no text to paste: `kikipounamu takes list` shows what has")
        self._tell(Settle(take, how))

    def _now(self, view: TakeView) -> TakeView:
        if view.session in self._known.aside:
            return replace(view, state=State.WAITING)
        if (take := self._deliveries.number(UUID(view.session))) is None:
            return view
        state, held = self._machine.take_state(take, asyncio.get_running_loop().time())
        return replace(view, state=state or view.state, held=held)


def _pieces(take: int, texts: dict[int, str]) -> dict[SegmentId, str]:
    return {SegmentId(take, segment): text for segment, text in texts.items()}
