"""Draw the help in each of its states, for ``scripts.screenshots``."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.notes import Note
from app.diagnostics.checks.finding import Area, advice, ok, wrong
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
from app.ui.help.panel import HelpPanels
from app.ui.shell.shell import usual_size
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SPACING, Theme
from scripts.screenshots import Look, column, dressed, grabbed, ground

Fill = Callable[[HelpPanels], None]

_LOGS: Final = Path("logs")
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
    ok(Area.MICROPHONE, "microphone-heard", device="USB Audio", level=-18),
    wrong(Area.MODELS, "model-damaged", model="whisper-base"),
    advice(Area.DISK, "disk-little", size="731.2 MB", folder="/home"),
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


def full(panels: HelpPanels) -> None:
    """Fill every panel, and select an item in each."""
    panels.examination.show_examination(ExaminationView(FOUND))
    panels.logs.show_lines(lines())
    panels.logs.list.setCurrentIndex(panels.logs.model.index(6))
    panels.report.show_report(ReportView(ReportState.READY, PARTS))
    panels.report.list.setCurrentIndex(panels.report.model.index(6))
    panels.about.show_licences(LicencesView("0.1.0", _LICENCES))
    panels.about.list.setCurrentIndex(panels.about.model.index(0))
    panels.about.show_text(LicenceText("kikipounamu", _MIT))


def empty(panels: HelpPanels) -> None:
    """Show an empty log, a report in preparation, and licences that are loading."""
    panels.examination.hide()
    panels.logs.show_lines(LogLines())
    panels.report.show_report(ReportView(ReportState.GATHERING))


def failed(panels: HelpPanels) -> None:
    """Show searches without hits, and a report that could not be saved."""
    panels.examination.hide()
    panels.logs.search.setText("xyz")
    panels.logs.show_lines(LogLines(LogFilter(text="xyz"), programs=("desktop",)))
    panels.report.show_report(ReportView(ReportState.FAILED, PARTS[:3], note=Note("report-not-saved")))
    panels.about.show_licences(LicencesView("0.1.0", _LICENCES))
    panels.about.search.setText("xyz")


def page(look: Look, fill: Fill) -> QImage:
    """Draw the four panels one below the other, at their width in the window."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        panels = HelpPanels(theme, texts, lambda action: None, _LOGS)
        inside = QWidget()
        inside.setObjectName("page")
        below = QVBoxLayout(inside)
        below.setSpacing(SPACING.wide)
        for panel in (panels.examination, panels.logs, panels.report, panels.about):
            below.addWidget(panel)
        inside.resize(round(usual_size().width() * 0.8), 100)
        inside.show()
        fill(panels)
        inside.adjustSize()
        inside.resize(round(usual_size().width() * 0.8), inside.sizeHint().height())
        return grabbed(inside)

    return dressed(look, draw)


def states(look: Look) -> QImage:
    """Draw all states, one below the other."""
    return column([page(look, fill) for fill in (full, empty, failed)], ground(look))
