"""Recordings, settings and computers of an example user, and the answers of the app to the windows. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from app.core.states import State
from app.dictation.view import TakeView
from app.gateways.view import FoundView, GatewaysView, PairGateway, PairingProgress, PairingView
from app.history.index import IndexRow, days_of
from app.history.view import (
    FollowTake,
    HistoryList,
    HistoryModels,
    HistoryRows,
    ModelsWanted,
    PlaybackView,
    PlayState,
    PlayTake,
    RowsWanted,
    SearchHistory,
    TakeDetails,
)
from app.journal.take import TakeState
from app.messages.kinds import Devices, News
from app.models.disk import about
from app.models.view import FetchModel, LocalModelView, ModelState, ModelsView, ModelUse
from app.monitoring.view import Link, MonitorView, UtteranceRow, WatchMonitor
from app.settings.sections import GeneralSection, Settings
from app.sharing.view import InviteDevice, InviteView, SharingState, SharingView
from protocol import pairing
from protocol.monitor import BrokerState, Snapshot
from speech.models.catalogue import load_catalogue

SETTINGS: Final = Settings(general=GeneralSection(language="en", welcomed=True))
DEVICES: Final = Devices((("alsa.built-in", "Built-in Audio"), ("alsa.usb", "USB Microphone")), "Built-in Audio")
OTHER_MICROPHONE: Final = DEVICES.microphones[1]
CODE: Final = "48150623"
OTHER_COMPUTER: Final = FoundView("attic", ("https://192.0.2.3:8765",), "c" * 64)
SMALL_MODEL: Final = "whisper-base"
LARGE_MODEL: Final = "whisper-large-v3-turbo"
LOADED_MODELS: Final = ("sensevoice-small-int8", SMALL_MODEL, LARGE_MODEL)

_SHORT: Final = (
    "The greenstone samples arrive on Thursday.",
    "Could you check whether the new build fixes the reconnect on the train?",
    "Thanks for the walk-through.",
)
_LONG: Final = " ".join(
    f"Item {number}: put the pendant with the long grain beside the window, and leave the others where they are."
    for number in range(1, 7)
)
_MINUTES: Final = 17
_NOON: Final = datetime.combine(datetime.now().date(), time(12))


def _row(number: int, started: datetime, text: str, state: TakeState = TakeState.DONE) -> IndexRow:
    key = (int(started.timestamp()) << 31) + number
    return IndexRow(UUID(int=number), started.timestamp(), 21.0, 1, state, text, "en", SMALL_MODEL, key=key)


def _today(number: int) -> datetime:
    return datetime.now() - timedelta(minutes=_MINUTES * number)


LAST: Final = _row(1, _today(1), _SHORT[0])
HELD: Final = _row(2, _today(2), _SHORT[1], TakeState.HELD)
YESTERDAY: Final = _row(4, _NOON - timedelta(days=1), _LONG)
ROWS: Final = (LAST, HELD, _row(3, _today(3), _SHORT[2]), YESTERDAY, _row(5, _NOON - timedelta(days=9), _SHORT[2]))
"""Recordings, newest first."""
TAKES: Final = tuple(
    TakeView(str(row.session), row.started_s, row.seconds, row.state, row.text, int(row.state is TakeState.HELD))
    for row in ROWS
)
UTTERANCE: Final = UtteranceRow("one", 1, True, State.WAITING, LAST.started_s, 2.0)
GATEWAYS: Final = GatewaysView(found=(OTHER_COMPUTER,), device="desk")


def models(*installed: str) -> ModelsView:
    """Return the view of the models: these are installed, and the small one is in use."""
    here = {name: ModelState.INSTALLED for name in (SMALL_MODEL, *installed)}
    uses = {SMALL_MODEL: ModelUse.WORKER}
    views = (
        LocalModelView(
            about(model),
            here.get(model.name, ModelState.MISSING),
            use=uses.get(model.name, ModelUse.NOBODY),
            chosen=model.name == SMALL_MODEL,
        )
        for model in load_catalogue().models
        if model.name in LOADED_MODELS
    )
    return ModelsView(tuple(views), "/models", 100_000_000_000)


def sharing(*, on: bool) -> SharingView:
    """Return the state of sharing this computer."""
    return SharingView(SharingState.ON, "desk", OTHER_COMPUTER.urls, "d" * 64, ()) if on else SharingView()


def _list(search: SearchHistory) -> News:
    keys = [row.key for row in ROWS]
    return HistoryList(search.serial, search.query, keys, version=search.serial, days=days_of(keys))


def _rows(wanted: RowsWanted) -> News:
    return HistoryRows(wanted.serial, wanted.start, ROWS[wanted.start : wanted.start + wanted.count])


def _details(wanted: FollowTake) -> News | None:
    row = next((row for row in ROWS if row.session == wanted.session), None)
    return TakeDetails(row.session, row.text, round(row.seconds * 1000)) if row else None


def _invite(wanted: InviteDevice) -> News:
    link = pairing.encode_link(pairing.PairingLink(OTHER_COMPUTER.urls, CODE, "d" * 64))
    return InviteView(pairing.PairingStage.WAITING, wanted.worker, CODE, link, 107, 5, urls=OTHER_COMPUTER.urls)


def _monitor(wanted: WatchMonitor) -> News | None:
    figures = Snapshot("", 60.0, BrokerState(True, "Valkey", True), 1, 1, 1, 0.0, 0, 0.0, 0.0, 0.0, (), ())
    return MonitorView(Link.LIVE, gateway=figures, utterances=(UTTERANCE,)) if wanted.on else None


_ANSWERS: Final[Mapping[type, Callable[[Any], News | None]]] = {
    SearchHistory: _list,
    RowsWanted: _rows,
    FollowTake: _details,
    ModelsWanted: lambda _: HistoryModels(LOADED_MODELS),
    PlayTake: lambda wanted: PlaybackView(wanted.session, PlayState.PLAYING, wanted.ms, 21_000),
    PairGateway: lambda _: GatewaysView(
        pairing=PairingView(PairingProgress.PAIRED, "attic", "attic"), device="desk"
    ),
    FetchModel: lambda wanted: models(wanted.name),
    InviteDevice: _invite,
    WatchMonitor: _monitor,
}


def answer(action: object) -> News | None:
    """Return the app's message to the windows after this action, or ``None``."""
    says = _ANSWERS.get(type(action))
    return says(action) if says else None
