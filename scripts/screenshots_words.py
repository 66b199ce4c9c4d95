"""Draw words and rules for programs in each of their states, for ``scripts.screenshots``."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.insertion.plan import Newline, ProgramRule, Strategy
from app.messages.notifications import Programs
from app.replacements.rules import Replacement
from app.replacements.view import Example, ReplacementsTried, RuleTried, TryReplacements
from app.settings.sections import Settings
from app.ui.programs.panel import ProgramsPanel
from app.ui.replacements.words_panel import WordsPanel
from app.ui.shell.shell import usual_size
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SPACING, Theme
from scripts.screenshots import Look, column, dressed, grabbed, ground

RULES: Final = (
    Replacement("git hub", "GitHub"),
    Replacement("i phone", "iPhone"),
    Replacement("um"),
    Replacement("keykey pounamu", "kikipounamu", whole_word=False),
    Replacement("皮卡", "Pika"),
    Replacement("皮卡车", "皮卡车"),
    Replacement("cloud", "Claude", match_case=True),
)
HOTWORDS: Final = ("pounamu", "翡翠", "Aotearoa", "SenseVoice")
PROGRAMS: Final = (
    ProgramRule("slack", Strategy.TYPE),
    ProgramRule("WeChat", Strategy.TYPE, Newline.SPACE),
    ProgramRule("keepassxc", hold=True),
)
_EXAMPLES: Final = (
    ("…push it to git hub before lunch and…", "git hub", "GitHub"),
    ("The git hub action failed again", "git hub", "GitHub"),
    ("把代码推到 git hub 上", "git hub", "GitHub"),
    ("…on git hub there is an issue…", "git hub", "GitHub"),
)


@dataclass(frozen=True)
class Scene:
    """Both panels, and their requests to the history."""

    words: WordsPanel
    programs: ProgramsPanel
    asked: list[TryReplacements]


def example(before: str, hears: str, writes: str) -> Example:
    """Return an example of a replacement in a take."""
    at = before.index(hears)
    after = before.replace(hears, writes)
    return Example(UUID(int=1), 1_770_000_000, before, after, (at, at + len(hears)), (at, at + len(writes)))


_COUNTS: Final = (14, 3, 212, 1, 5, 0, 31)
TRIED: Final = tuple(
    RuleTried(takes, tuple(example(*said) for said in _EXAMPLES) if place == 0 else ())
    for place, takes in enumerate(_COUNTS)
)


def full(scene: Scene) -> None:
    """Show rules that were tried, one of them selected."""
    _show(scene)
    table = scene.words.replacements.table
    table.setCurrentIndex(table.found.index(0, 0))
    _answer(scene, 1_284, 1_284)


def trying(scene: Scene) -> None:
    """Show the trial while the history is being read."""
    _show(scene)
    _answer(scene, 6_400, 20_000)


def wrong(scene: Scene) -> None:
    """Show invalid rules, words and programs, and an incomplete list."""
    _show(scene)
    model = scene.words.replacements.model
    model.setData(model.index(1, 0), "Git Hub")
    scene.words.replacements.table.setCurrentIndex(scene.words.replacements.table.found.index(1, 0))
    scene.words.hotwords.field.setText("x" * 70)
    scene.words.hotwords.add.click()
    scene.programs.rows[1].program.setText("Slack.exe")
    scene.programs.rows[1].program.editingFinished.emit()


def nothing(scene: Scene) -> None:
    """Show both panels without any rule."""


State = Callable[[Scene], None]
STATES: Final[tuple[State, ...]] = (full, trying, wrong, nothing)


def states(look: Look) -> QImage:
    """Draw all states in one look."""
    return column([shown(look, state) for state in STATES], ground(look))


def shown(look: Look, state: State) -> QImage:
    """Draw both panels side by side in this state."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        asked: list[TryReplacements] = []
        words = WordsPanel(theme, texts, lambda action: None, asked.append)
        programs = ProgramsPanel(theme, texts, lambda action: None, picks=True)
        page = QWidget()
        page.setObjectName("page")
        page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(page)
        row.setContentsMargins(SPACING.wide, SPACING.wide, SPACING.wide, SPACING.wide)
        row.setSpacing(SPACING.large)
        for panel, part in ((words, 3), (programs, 2)):
            side = QVBoxLayout()
            side.addWidget(panel)
            side.addStretch(1)
            row.addLayout(side, part)
        page.setFixedWidth(usual_size().width() * 5 // 4)
        page.show()
        state(Scene(words, programs, asked))
        page.resize(page.width(), page.heightForWidth(page.width()))
        return grabbed(page)

    return dressed(look, draw)


def _show(scene: Scene) -> None:
    settings = Settings()
    recognition = replace(settings.recognition, replacements=RULES, hotwords=HOTWORDS)
    scene.words.show_settings(replace(settings, recognition=recognition))
    scene.programs.show_programs(Programs(("firefox", "slack")))
    scene.programs.show_rules(PROGRAMS)


def _answer(scene: Scene, done: int, total: int) -> None:
    scene.words.replacements.try_rules()
    scene.words.show_tried(ReplacementsTried(scene.asked[-1].serial, done, total, 241, TRIED))
