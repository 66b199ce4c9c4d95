"""Tests that errors users can see have translated notes, and that the others show their English text."""

import errno
import os
import re
import sys

import pytest

from app.capture.errors import (
    AudioLibraryMissing,
    AudioPackageMissing,
    MicrophoneNotFound,
    MicrophoneRefused,
    NoMicrophone,
    SpeakerRefused,
)
from app.capture.pulse import NoSoundServer
from app.capture.sound_thread import SoundHangs
from app.core.errors import (
    AppError,
    GatewayNotReady,
    ModelsMissing,
    ModelUnfit,
    Note,
    ProgramEnds,
    ProgramMissing,
    StackFailed,
    StartedElsewhere,
)
from app.core.problem_notes import note_of, unexpected_note
from app.core.sentences import LANGUAGES, Sentences, entries, text_of_note
from app.gateways.store import GatewaysNotKept
from app.history.errors import (
    IndexUnavailable,
    NothingRecorded,
    NothingToExport,
    NotRerun,
    TakeExportFailed,
    TextTooLong,
)
from app.hotkeys.errors import HotkeyAbsent, HotkeysForbidden, HotkeysUnavailable, HotkeyTaken, HotkeyUnknown
from app.insertion.errors import LibraryMissing, ScreenMissing
from app.journal.errors import JournalError, NotDeleted, NotKept, TakeBusy, TakesNotThere, TakeUnknown
from app.settings.errors import BadSetting, SettingsNotKept, SettingsUnreadable
from app.settings.file import parse_settings
from app.settings.schema import change_setting
from app.settings.sections import Settings as Defaults
from app.system.autostart import AutostartRefused
from client.errors import (
    AudioGone,
    CertificateDated,
    DeviceNotKept,
    Failing,
    Intercepted,
    ModelNotOffered,
    NotPaired,
    Refused,
    SessionLost,
    TryLater,
    Unauthorised,
    Unreachable,
    WrongCertificate,
)
from protocol.errors import ErrorCode
from protocol.pairing import PairRefusal
from runtime.installing import extra_command
from speech.errors import VadUnavailable
from speech.models.errors import (
    DiskFull,
    ModelBusy,
    ModelDamaged,
    ModelMissing,
    ModelUnavailable,
    ModelUnknown,
    StoreUnwritable,
)

DESKTOP, SERVING = extra_command("desktop"), extra_command("gateway,worker,whisper")
PROGRAM = {"program": "prog", "status": "3"}
SAID = """:
    2026-11-30T10:00:00.000000Z [info     ] gateway.starting [backend.cli] reason='no'
    2026-11-30T10:00:00.000001Z [error    ] gateway.cannot_run [backend.cli] reason="port = 'x'"
"""
ERRORS = [
    (ModelsMissing(["a", "b"]), Note("models-missing", {"names": "a b"})),
    (ModelUnfit("m", "funasr"), Note("model-needs-extra", {"model": "m", "install": extra_command("funasr")})),
    (ModelUnfit("m"), Note("model-unfit", {"model": "m"})),
    (StackFailed("why"), Note("gateway-failed")),
    (ProgramMissing("prog", "/here"), Note("program-missing", {"program": "prog", "install": SERVING})),
    (ProgramEnds("prog", 3, ":\n  words"), Note("program-ends", PROGRAM, Note("see-log"))),
    (
        ProgramEnds("prog", 3, ": the disk is full: make room in /home/me/logs"),
        Note("program-ends", PROGRAM, Note("make-room", {"folder": "/home/me/logs"})),
    ),
    (ProgramEnds("prog", 3, SAID), Note("program-ends", PROGRAM, Note("plain", {"text": "port = 'x'"}))),
    (GatewayNotReady("it did not", 60.0, ""), Note("gateway-not-ready", {"seconds": "60"})),
    (StartedElsewhere(120.0), Note("gateway-started-elsewhere", {"seconds": "120"})),
    (AudioLibraryMissing("why"), Note("audio-library-missing")),
    (AudioPackageMissing("why"), Note("audio-package-missing", {"install": DESKTOP})),
    (NoMicrophone(), Note("no-microphone")),
    (NoMicrophone(["a", "b"]), Note("no-default-microphone", {"names": "a, b"})),
    (MicrophoneNotFound("usb", ["a"]), Note("microphone-not-found", {"choice": "usb"})),
    (MicrophoneRefused("usb", "busy"), Note("microphone-refused", {"device": "usb"})),
    (SoundHangs(), Note("sound-system-silent")),
    (NoSoundServer(), Note("sound-server-missing")),
    (ModelUnknown("m", ["n"]), Note("model-unknown", {"model": "m"})),
    (JournalError("why"), Note("takes-unwritable")),
    (TakesNotThere("why"), Note("takes-not-there")),
    (NotKept("why"), Note("disk-refuses")),
    (TakeBusy("why"), Note("take-busy")),
    (TakeUnknown("why"), Note("take-unknown")),
    (NotDeleted("why"), Note("take-not-deleted")),
    (SpeakerRefused("why"), Note("speaker-refused")),
    (IndexUnavailable("why"), Note("history-index")),
    (NotRerun("why"), Note("again-failed")),
    (NothingRecorded("why"), Note("again-nothing")),
    (TakeExportFailed("why"), Note("export-failed")),
    (NothingToExport("why"), Note("export-nothing")),
    (TextTooLong(7), Note("text-too-long", {"most": "7"})),
    (Unreachable("why"), Note("gateway-unreachable")),
    (TryLater("why"), Note("gateway-busy")),
    (Failing("why"), Note("gateway-failing")),
    (Refused("why"), Note("gateway-refuses")),
    (Unauthorised("why"), Note("gateway-unauthorised")),
    (ModelNotOffered("why"), Note("model-not-offered")),
    (WrongCertificate("why"), Note("gateway-other-certificate")),
    (CertificateDated("why"), Note("gateway-certificate-dated")),
    (NotPaired("why", PairRefusal.WRONG_CODE, 3), Note("pair-wrong-code", {"tries": "3"})),
    (NotPaired("why", PairRefusal.OTHER_KIND), Note("pair-other-kind")),
    (Intercepted("why"), Note("pair-intercepted")),
    (DeviceNotKept("why", ErrorCode.DISK_FULL), Note("pair-disk-full")),
    (DeviceNotKept("why", ErrorCode.CONFLICT), Note("pair-not-kept")),
    (GatewaysNotKept("why"), Note("gateways-not-kept")),
    (SessionLost("why"), Note("session-lost")),
    (AudioGone("why"), Note("audio-gone")),
    (HotkeyUnknown("x", "why"), Note("hotkey-unknown", {"binding": "x"})),
    (HotkeyAbsent("dictate", "x", "why"), Note("hotkey-absent", {"binding": "x"})),
    (HotkeyTaken("dictate", "f9"), Note("hotkey-taken", {"binding": "f9"})),
    (HotkeyTaken("dictate", "f9", by="'cancel'"), Note("hotkey-twice", {"binding": "f9"})),
    (HotkeysUnavailable("why"), Note("hotkeys-unavailable")),
    (HotkeysForbidden("why"), Note("hotkeys-forbidden")),
    (ScreenMissing("why"), Note("insertion-no-screen")),
    (LibraryMissing("why"), Note("insertion-not-installed", {"install": DESKTOP})),
    (BadSetting("a.b", "why"), Note("setting-bad", {"place": "a.b"})),
    (SettingsUnreadable("why"), Note("settings-unreadable")),
    (SettingsUnreadable("why", 7), Note("settings-no-toml", {"line": "7"})),
    (AutostartRefused("there", "why"), Note("autostart-refused", {"place": "there"})),
    (SettingsNotKept("why"), Note("settings-not-kept")),
    (ModelMissing("m"), Note("models-missing", {"names": "m"})),
    (ModelUnavailable("m", [], []), Note("model-unavailable", {"model": "m"})),
    (ModelUnavailable("m", [], [], may_pass=True), Note("model-away", {"model": "m"})),
    (ModelDamaged("m", []), Note("model-damaged", {"model": "m"})),
    (ModelBusy("why"), Note("model-busy")),
    (StoreUnwritable("why"), Note("models-unwritable")),
    (DiskFull("why"), Note("models-disk-full")),
    (VadUnavailable("why"), Note("vad-unavailable")),
]


@pytest.mark.parametrize(("error", "note"), ERRORS, ids=lambda value: type(value).__name__)
def test_error_becomes_its_note(error: Exception, note: Note) -> None:
    assert note_of(error) == note
    assert str(error), "logs and the command line have words too"


@pytest.mark.parametrize("language", LANGUAGES)
def test_install_advice_is_command_for_this_python(language: str) -> None:
    installs = [(error, note.values["install"]) for error, note in ERRORS if "install" in note.values]
    assert len(installs) == 4
    for error, command in installs:
        assert command.startswith(sys.executable) and command in text_of_note(Sentences(language), note_of(error))
    for entry in map(str, entries(language).values()):
        assert "kikipounamu[" not in entry and "pip install" not in entry, "whose pip?"


def test_subclass_uses_note_of_its_base() -> None:
    class Special(ProgramEnds):
        pass

    assert note_of(Special("prog", 2, "")).key == "program-ends"


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_error_because_of_too_many_open_files_says_so_whatever_failed(number: int) -> None:
    cause = OSError(number, os.strerror(number))
    for error in (JournalError("why"), Unreachable("why"), MicrophoneRefused("usb", "why")):
        error.__cause__ = TimeoutError()
        error.__cause__.__context__ = cause
        assert note_of(error) == Note("too-many-files")
    assert note_of(cause) == Note("too-many-files")


def test_error_without_note_shows_its_own_text() -> None:
    assert note_of(AppError("it is so.\nMore for the log")) == Note("plain", {"text": "It is so."})
    assert note_of(AppError("run `this`")) == Note("plain", {"text": "Run this"})
    assert note_of(ValueError()) == unexpected_note(ValueError()) == Note("unexpected", {"error": "ValueError"})


@pytest.mark.parametrize(
    ("name", "value", "note"),
    [
        ("hotkeys.mode", "sometimes", ("setting-not-allowed", "hold, toggle, hybrid, hands-free")),
        ("worker.on", "yes", ("setting-not-allowed", "true, false")),
        ("gateway.url", "ftp://there", ("setting-bad", "")),
    ],
)
def test_setting_error_names_place_and_allowed_values(name: str, value: str, note: tuple[str, str]) -> None:
    with pytest.raises(BadSetting) as refused:
        change_setting(Defaults(), name, value)
    result = note_of(refused.value)
    assert (result.key, result.values.get("allowed", ""), result.values["place"]) == (*note, name)
    section, key = name.split(".")
    (problem,) = parse_settings(f'# first\n[{section}]\n{key} = "{value}"\n').problems
    assert note_of(problem) == Note(note[0], {**result.values, "place": f"{name} (settings.toml:3)"})
    assert re.search("line 3", str(problem))
