"""Provide a rich console that escapes control characters, so that untrusted text is safe to print."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console as RichConsole
from rich.console import ConsoleOptions, RenderableType
from rich.segment import Segment

from runtime.terminal import LINES, printable


class Console(RichConsole):
    """Rich console that escapes control characters in everything it prints, and interprets no markup.

    Do not use it for results that must stay exact.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"highlight": False, "markup": False, "emoji": False, **options})

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render like rich, and escape all segments except rich's own control codes."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text, LINES), segment.style)
