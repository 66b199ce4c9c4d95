"""Scenes of the settings, models, programs and help, for ``scripts.screenshots``."""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Final
from unittest.mock import patch

from PySide6.QtGui import QImage

from app.core.errors import Note
from app.diagnostics.checks.finding import Topic, advice, ok, wrong
from app.diagnostics.report.log_lines import LogFilter, parse
from app.diagnostics.report.view import (
    ComponentKind,
    ExaminationView,
    Licence,
    LicencesView,
    LicenceText,
    LogLines,
    ReportPart,
    ReportState,
    ReportView,
)
from app.dictation.hotkey_test import KeySeen, KeysSeen
from app.dictation.view import View
from app.insertion.plan import Newline, ProgramRule, Strategy
from app.insertion.program_picker import PickState, ProgramPick
from app.messages.kinds import Problem, Programs
from app.models.disk import about
from app.models.view import LocalModelView, ModelState, ModelsView, ModelUse
from app.settings.sections import AudioSection, HotkeysSection, RecognitionSection, Settings
from app.ui.settings.controls import TextControl
from app.ui.settings.pick_controls import PickOneControl, PickSeveralControl
from scripts.drawing import Draw, Look
from scripts.example_window import Fill, Window, scene, whole
from speech.models.catalogue import load_catalogue
from speech.models.recommendation import Computer, local_speed, recommend

_CHANGED: Final = replace(
    Settings(),
    audio=AudioSection(microphone="Pebble V3"),
    hotkeys=HotkeysSection(dictate="ctrl+space", cancel="esc", paste_held="f9"),
    recognition=RecognitionSection(languages=("en", "zh")),
)
_SEARCH: Final = {"en": "text", "zh": "文字"}


# -- settings ----------------------------------------------------------------------------------------------


def general(window: Window) -> None:
    """Show the settings as they open."""
    window.section("general")


def microphone(window: Window) -> None:
    """Show changed settings during a recording."""
    window.section("input")
    window.show(replace(_CHANGED, general=window.settings.general), View(level_dbfs=-18.0))


def keys(window: Window) -> None:
    """Show a key used twice, a key of another program, and a test in which a key did not arrive."""
    microphone(window)
    window.pages.settings.press_test.button.click()
    taken = Note("hotkey-taken", {"binding": "f9"})
    window.show(KeysSeen(True))
    window.show(KeysSeen(False, (KeySeen("dictate", 0.231, times=2), KeySeen("cancel", 0.08)), taken))


def tested(window: Window) -> None:
    """Show a test in which two keys have arrived."""
    window.section("input")
    window.pages.settings.press_test.button.click()
    window.show(KeysSeen(True, (KeySeen("dictate", 0.231), KeySeen("cancel", 0.08))))


def language(window: Window) -> None:
    """Show the settings of language and words."""
    window.section("language")
    window.show(replace(_CHANGED, general=window.settings.general))


def picks(section: str, setting: str, query: str = "") -> Fill:
    """Return a function that opens the list of this setting, and types a search."""

    def fill(window: Window) -> None:
        window.section(section)
        control = window.pages.settings.rows[setting].control
        assert isinstance(control, PickOneControl | PickSeveralControl)
        (control.field if isinstance(control, PickOneControl) else control.add).click()
        control.picker.search.setText(query)
        window.front = control.picker

    return fill


def refused(window: Window) -> None:
    """Show a value that is not allowed."""
    window.section("advanced")
    control = window.pages.settings.rows["gateway.url"].control
    assert isinstance(control, TextControl)
    control.field.setText("desktop-gpu")
    control.field.textEdited.emit("desktop-gpu")
    note = Note("setting-bad", {"place": "gateway.url"})
    window.show(Problem("settings", note=note, setting="gateway.url"))


def broken(window: Window) -> None:
    """Show a settings file that is unreadable."""
    window.section("general")
    place = "~/.config/kikipounamu/settings.toml"
    window.pages.settings.trouble.place = place  # type: ignore[assignment]  # an example path
    window.show(Problem("settings", note=Note("settings-no-toml", {"line": "12"})))


def searches(query: Callable[[str], str]) -> Fill:
    """Return a function that searches the settings."""

    def fill(window: Window) -> None:
        window.section("general")
        window.pages.settings.search.setText(query(window.language))

    return fill


SETTINGS: Final[tuple[Draw, ...]] = (
    scene(general, whole),
    scene(microphone),
    scene(keys),
    scene(language),
    scene(picks("language", "recognition.languages"), height=0.9),
    scene(picks("language", "recognition.language", "an"), height=0.9),
    scene(broken),
    scene(searches(lambda language: _SEARCH[language])),
    scene(searches(lambda language: "xyz")),
)


# -- models ------------------------------------------------------------------------------------------------

_FOLDER: Final = "/home/ana/.local/share/kikipounamu/models"
_INTERPRETER: Final = "/home/ana/kikipounamu/.venv-run/bin/python"
_FREE: Final = 41_200_000_000
_SINCE: Final = 1_755_000_000.0
_SPOKEN: Final = ("zh", "en")
_MEGABYTE: Final = 1_000_000
_HUB: Final = "ModelScope (www.modelscope.cn, iic/SenseVoiceSmall)"


def new() -> list[LocalModelView]:
    """Return all models, none of them installed."""
    return [LocalModelView(about(model)) for model in load_catalogue().models]


def usual() -> ModelsView:
    """Return the view of a user who dictates and downloads another model."""
    vad, base, sense, para, punc, streaming, nano, *more = new()
    vad = replace(vad, state=ModelState.INSTALLED, done=vad.about.size, installed_s=_SINCE, use=ModelUse.APP)
    base = replace(
        base,
        state=ModelState.INSTALLED,
        done=base.about.size,
        installed_s=_SINCE,
        use=ModelUse.WORKER,
        chosen=True,
        note=Note("models.note.whole"),
    )
    sense = replace(
        sense,
        state=ModelState.FETCHING,
        done=392 * _MEGABYTE,
        speed=8.3e6,
        left_s=65.0,
        source=_HUB,
    )
    para = replace(para, state=ModelState.QUEUED)
    punc = replace(punc, state=ModelState.PAUSED, done=118 * _MEGABYTE)
    return _advised(ModelsView((vad, base, sense, para, punc, streaming, nano, *more), _FOLDER, _FREE))


def _advised(view: ModelsView) -> ModelsView:
    """Return the view with the advice for someone who speaks Chinese and English."""
    models = load_catalogue().models
    computer = Computer(16 << 30, False, {"whisper-base": 18.4})
    found = {model.name: local_speed(model, models, computer) for model in models}
    speeds = {name: speed for name, speed in found.items() if speed is not None}
    best = recommend(models, _SPOKEN, computer, lambda name: True)
    return replace(view, speeds=speeds, recommended=best, languages=_SPOKEN)


def trouble() -> ModelsView:
    """Return a view with every kind of problem."""
    vad, base, sense, para, punc, streaming, *_ = new()
    vad = replace(
        vad, state=ModelState.DAMAGED, done=vad.about.size, use=ModelUse.APP, note=Note("models.note.damaged")
    )
    base = replace(base, state=ModelState.BUSY, done=61 * _MEGABYTE)
    note = Note("models.note.no-room", {"needed": "968000000", "free": "512000000"})
    sense = replace(sense, state=ModelState.FAILED, note=note)
    para = replace(para, state=ModelState.INSTALLED, done=para.about.size, installed_s=_SINCE, lacks="funasr")
    punc = replace(punc, state=ModelState.VERIFYING, done=204 * _MEGABYTE)
    streaming = replace(
        streaming, state=ModelState.FAILED, done=3 * _MEGABYTE, note=Note("models.note.unavailable")
    )
    return _advised(ModelsView((vad, base, sense, para, punc, streaming), _FOLDER, 512_000_000))


def models(
    view: Callable[[], ModelsView], do: Callable[[Window], None] = lambda window: None, height: float = 0.0
) -> Draw:
    """Return a function that draws the models after ``do``."""

    def fill(window: Window) -> None:
        window.section("models")
        window.show(view())
        do(window)

    def draw(look: Look) -> QImage:
        with patch.object(sys, "executable", _INTERPRETER):  # not this machine's
            return scene(fill, height=height)(look)

    return draw


def _asks_to_delete(window: Window) -> None:
    card = window.pages.models.cards["paraformer-zh"]
    card.confirm(True)
    card.details.fold.click()


def _filters(window: Window) -> None:
    window.pages.models.filter.field.click()
    window.front = window.pages.models.filter.picker


MODELS: Final[tuple[Draw, ...]] = (
    models(ModelsView),
    models(lambda: replace(usual(), models=usual().models[:8])),
    models(trouble, _asks_to_delete),
    models(usual, _filters, height=0.9),
)


# -- advanced ----------------------------------------------------------------------------------------------

PROGRAMS: Final = (
    ProgramRule("slack", Strategy.TYPE),
    ProgramRule("WeChat", Strategy.TYPE, Newline.SPACE),
    ProgramRule("keepassxc", hold=True),
)
_LINES: Final = (
    ("gateway", "info", "gateway.listening", '"port": 8765'),
    ("desktop", "info", "gateway.already_running", '"pid": 4121'),
    ("worker", "info", "engine.chosen", '"engine": "whisper", "model": "whisper-base"'),
    ("desktop", "warning", "microphone.changed", '"change": "lost", "lost_samples": 4160'),
    ("desktop", "info", "microphone.changed", '"change": "came back", "lost_samples": 0'),
    ("worker", "error", "job.failed", '"segment": 4, "exception": "Traceback\\nMemoryError: no room"'),
    ("desktop", "info", "segment.ended", '"segment": 4, "outcome": "final"'),
)
_SYSTEM: Final = '{\n  "kikipounamu": "0.1.0",\n  "python": "3.11.7",\n  "system": "Linux",\n  "processors": 8\n}'
PARTS: Final = (
    ReportPart("disk.json", 311, "{}"),
    ReportPart("microphones.json", 240, "{}"),
    ReportPart("models.json", 256, "{}"),
    ReportPart("recordings.json", 190, "{}"),
    ReportPart("settings.json", 1_834, "{}"),
    ReportPart("states.json", 610, "{}"),
    ReportPart("system.json", 3_336, _SYSTEM),
    ReportPart("logs/desktop.jsonl", 412_000, ""),
    ReportPart("logs/worker.jsonl", 96_000, ""),
)
FOUND: Final = (
    ok(Topic.MICROPHONE, "microphone-heard", device="USB Audio", level=-18),
    wrong(Topic.MODELS, "model-damaged", model="whisper-base"),
    advice(Topic.DISK, "disk-little", size="731.2 MB", folder="/home"),
)
_LICENCES: Final = (
    Licence("kikipounamu", "0.1.0", "MIT", ComponentKind.PROGRAM),
    Licence("aiohttp", "3.14.5", "Apache-2.0 AND MIT", ComponentKind.PACKAGE),
    Licence("onnxruntime", "1.32.0", "MIT License", ComponentKind.PACKAGE),
    Licence(
        "PySide6_Essentials", "6.11.3", "LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only", ComponentKind.PACKAGE
    ),
    Licence("Qt", "", "LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only", ComponentKind.LIBRARY),
    Licence("SenseVoiceSmall", "", "FunASR Model License 1.1", ComponentKind.MODEL),
    Licence("soxr", "1.1.0", "LGPL-2.1-or-later", ComponentKind.PACKAGE),
    Licence("whisper-base", "", "MIT", ComponentKind.MODEL),
)
_MIT: Final = (
    "MIT License\n\nCopyright (c) 2026 the kikipounamu authors\n\n"
    "Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated "
    "documentation files, to deal in the software without restriction."
)


def lines() -> LogLines:
    """Return log lines of each kind, one of them damaged."""
    made = []
    for number, (program, level, event, rest) in enumerate(_LINES):
        stamp = f"2026-03-01T09:41:{10 + number}.250Z"
        raw = f'{{"timestamp": "{stamp}", "level": "{level}", "event": "{event}", {rest}}}'
        made.append(parse(raw, program, 0.0))
    made.insert(3, parse('{"timestamp": "2026-03-01T09:4', "worker", made[2].at_s))
    return LogLines(LogFilter(), tuple(made), ("desktop", "gateway", "worker"))


def programs(window: Window) -> None:
    """Show rules for three programs, and the wait for a click on a window."""
    window.section("advanced")
    window.show(Programs(("firefox", "slack")), ProgramPick(PickState.WAITING))
    window.pages.programs.show_rules(PROGRAMS)


def full(window: Window) -> None:
    """Show everything with content: rules, findings, log, report and licences."""
    window.section("advanced")
    window.pages.programs.show_rules(PROGRAMS)
    panels = window.pages.help
    window.show(ExaminationView(FOUND), lines(), ReportView(ReportState.READY, PARTS))
    window.show(LicencesView("0.1.0", _LICENCES), LicenceText("kikipounamu", _MIT))
    panels.logs.list.setCurrentIndex(panels.logs.model.index(6))
    panels.report.list.setCurrentIndex(panels.report.model.index(6))
    panels.about.list.setCurrentIndex(panels.about.model.index(0))


def failed(window: Window) -> None:
    """Show a refused value, searches without hits, and a report that could not be saved."""
    refused(window)
    panels = window.pages.help
    panels.logs.search.setText("xyz")
    panels.about.search.setText("xyz")
    window.show(LogLines(LogFilter(text="xyz"), programs=("desktop",)), LicencesView("0.1.0", _LICENCES))
    window.show(ReportView(ReportState.FAILED, PARTS[:3], note=Note("report-not-saved")))


ADVANCED: Final[tuple[Draw, ...]] = (
    scene(full),
    scene(failed),
    scene(programs, height=1.2),
)
