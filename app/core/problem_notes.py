"""Convert errors to notes, so that windows can show them in their language. Pure.

An error's own English text is for logs and the command line, and for errors that are not listed here.
"""

from functools import singledispatch

from app.capture.errors import (
    AudioLibraryMissing,
    MicrophoneNotFound,
    MicrophoneRefused,
    NoMicrophone,
    SpeakerRefused,
)
from app.core.errors import (
    GatewayNotReady,
    ModelsMissing,
    ModelUnfit,
    ProgramEnds,
    ProgramMissing,
    StackFailed,
    StartedElsewhere,
)
from app.core.notes import Note
from app.diagnostics.report.errors import ReportNotSaved
from app.gateways.errors import GatewaysNotKept
from app.history.errors import (
    ExportFailed,
    IndexUnavailable,
    NothingRecorded,
    NothingToExport,
    NotRerun,
    TextTooLong,
)
from app.hotkeys.errors import HotkeysForbidden, HotkeysUnavailable, HotkeyTaken, HotkeyUnknown
from app.insertion.errors import LibraryMissing, ScreenGone, ScreenMissing
from app.journal.errors import JournalError, NotDeleted, NotKept, TakeBusy, TakeDamaged, TakeUnknown
from app.settings.errors import BadSetting, SettingsNotKept, SettingsUnreadable
from app.system.autostart import AutostartRefused
from client.errors import (
    AudioGone,
    DeviceNotKept,
    GatewayError,
    NotPaired,
    Refused,
    TryLater,
    Unauthorised,
    Unreachable,
    WrongCertificate,
)
from protocol.errors import ErrorCode
from protocol.pairing import PairRefusal
from runtime.installing import extra_command
from speech.errors import VadUnavailable
from speech.models.errors import DiskFull, ModelBusy, ModelDamaged, ModelMissing, ModelUnavailable, StoreUnwritable


@singledispatch
def note_of(error: BaseException) -> Note:
    """Return a note that states the problem and its remedy."""
    text = str(error).partition("\n")[0]
    return Note("plain", {"text": text[:1].upper() + text[1:]}) if text else unexpected(error)


def unexpected(error: BaseException) -> Note:
    """Return a note for an unexpected error, whose traceback is in the log."""
    return Note("unexpected", {"error": type(error).__name__})


# -- our programs ------------------------------------------------------------------------------------------


@note_of.register
def _(error: ModelsMissing) -> Note:
    return Note("models-missing", {"names": " ".join(error.names)})


@note_of.register
def _(error: ModelUnfit) -> Note:
    if error.extra:
        return Note("model-needs-extra", {"model": error.model, "install": extra_command(error.extra)})
    return Note("model-unfit", {"model": error.model})


@note_of.register
def _(error: StackFailed) -> Note:
    return Note("gateway-failed")


@note_of.register
def _(error: ProgramMissing) -> Note:
    install = extra_command("gateway,worker,whisper")
    return Note("program-missing", {"program": error.program, "install": install})


@note_of.register
def _(error: ProgramEnds) -> Note:
    return Note("program-ends", {"program": error.program, "status": str(error.status)})


@note_of.register
def _(error: GatewayNotReady) -> Note:
    return Note("gateway-not-ready", {"seconds": f"{error.seconds:.0f}"})


@note_of.register
def _(error: StartedElsewhere) -> Note:
    return Note("gateway-started-elsewhere", {"seconds": f"{error.seconds:.0f}"})


# -- microphone and journal --------------------------------------------------------------------------------


@note_of.register
def _(error: AudioLibraryMissing) -> Note:
    return Note("audio-library-missing", {"install": extra_command("desktop")})


@note_of.register
def _(error: NoMicrophone) -> Note:
    if error.names:
        return Note("no-default-microphone", {"names": ", ".join(error.names)})
    return Note("no-microphone")


@note_of.register
def _(error: MicrophoneNotFound) -> Note:
    return Note("microphone-not-found", {"choice": error.choice})


@note_of.register
def _(error: MicrophoneRefused) -> Note:
    return Note("microphone-refused", {"device": error.device})


@note_of.register
def _(error: JournalError) -> Note:
    return Note("takes-unwritable")


@note_of.register
def _(error: NotKept) -> Note:
    return Note("disk-refuses")


@note_of.register
def _(error: TakeBusy) -> Note:
    return Note("take-busy")


@note_of.register
def _(error: TakeDamaged) -> Note:
    return Note("take-damaged")


@note_of.register
def _(error: TakeUnknown) -> Note:
    return Note("take-unknown")


@note_of.register
def _(error: NotDeleted) -> Note:
    return Note("take-not-deleted")


# -- history -----------------------------------------------------------------------------------------------


@note_of.register
def _(error: SpeakerRefused) -> Note:
    return Note("speaker-refused")


@note_of.register
def _(error: IndexUnavailable) -> Note:
    return Note("history-index")


@note_of.register
def _(error: NotRerun) -> Note:
    return Note("again-failed")


@note_of.register
def _(error: NothingRecorded) -> Note:
    return Note("again-nothing")


@note_of.register
def _(error: ExportFailed) -> Note:
    return Note("export-failed")


@note_of.register
def _(error: NothingToExport) -> Note:
    return Note("export-nothing")


@note_of.register
def _(error: TextTooLong) -> Note:
    return Note("text-too-long", {"most": str(error.most)})


@note_of.register
def _(error: ReportNotSaved) -> Note:
    return Note("report-not-saved")


# -- gateway -----------------------------------------------------------------------------------------------


@note_of.register
def _(error: GatewayError) -> Note:
    return Note("session-lost")


@note_of.register
def _(error: Unreachable) -> Note:
    return Note("gateway-unreachable")


@note_of.register
def _(error: TryLater) -> Note:
    return Note("gateway-busy")


@note_of.register
def _(error: Refused) -> Note:
    return Note("gateway-refuses")


@note_of.register
def _(error: Unauthorised) -> Note:
    return Note("gateway-unauthorised")


@note_of.register
def _(error: WrongCertificate) -> Note:
    return Note("gateway-other-certificate")


@note_of.register
def _(error: DeviceNotKept) -> Note:
    return Note("pair-disk-full") if error.code is ErrorCode.DISK_FULL else Note("pair-not-kept")


@note_of.register
def _(error: NotPaired) -> Note:
    if error.reason is PairRefusal.WRONG_CODE:
        return Note("pair-wrong-code", {"tries": str(error.tries_left)})
    return Note(f"pair-{error.reason.value.replace('_', '-')}")


@note_of.register
def _(error: GatewaysNotKept) -> Note:
    return Note("gateways-not-kept")


@note_of.register
def _(error: AudioGone) -> Note:
    return Note("audio-gone")


# -- keys and texts ----------------------------------------------------------------------------------------


@note_of.register
def _(error: HotkeyUnknown) -> Note:
    return Note("hotkey-unknown", {"binding": error.binding})


@note_of.register
def _(error: HotkeyTaken) -> Note:
    values = {"binding": error.binding}
    return Note("hotkey-twice", values) if error.ours else Note("hotkey-taken", values)


@note_of.register
def _(error: HotkeysUnavailable) -> Note:
    return Note("hotkeys-unavailable")


@note_of.register
def _(error: HotkeysForbidden) -> Note:
    return Note("hotkeys-forbidden")


@note_of.register
def _(error: ScreenMissing) -> Note:
    return Note("insertion-no-screen")


@note_of.register
def _(error: ScreenGone) -> Note:
    return Note("screen-gone")


@note_of.register
def _(error: LibraryMissing) -> Note:
    return Note("insertion-not-installed", {"install": extra_command("desktop")})


# -- settings ----------------------------------------------------------------------------------------------


@note_of.register
def _(error: BadSetting) -> Note:
    place = f"{error.name} (settings.toml:{error.line})" if error.line else error.name
    if error.allowed:
        return Note("setting-not-allowed", {"place": place, "allowed": error.allowed})
    return Note("setting-bad", {"place": place})


@note_of.register
def _(error: SettingsUnreadable) -> Note:
    return Note("settings-no-toml", {"line": str(error.line)}) if error.line else Note("settings-unreadable")


@note_of.register
def _(error: AutostartRefused) -> Note:
    return Note("autostart-refused", {"place": error.place})


@note_of.register
def _(error: SettingsNotKept) -> Note:
    return Note("settings-not-kept")


# -- models ------------------------------------------------------------------------------------------------


@note_of.register
def _(error: ModelMissing) -> Note:
    return Note("models-missing", {"names": error.name})


@note_of.register
def _(error: ModelUnavailable) -> Note:
    return Note("model-unavailable", {"model": error.name})


@note_of.register
def _(error: ModelDamaged) -> Note:
    return Note("model-damaged", {"model": error.name})


@note_of.register
def _(error: ModelBusy) -> Note:
    return Note("model-busy")


@note_of.register
def _(error: StoreUnwritable) -> Note:
    return Note("models-unwritable")


@note_of.register
def _(error: DiskFull) -> Note:
    return Note("models-disk-full")


@note_of.register
def _(error: VadUnavailable) -> Note:
    return Note("vad-unavailable")
