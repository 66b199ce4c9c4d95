"""A rich console that shows text of strangers as what it is: no control character in it does anything."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console as RichConsole
from rich.console import ConsoleOptions, RenderableType
from rich.segment import Segment

from runtime.terminal import LINES, printable


class Console(RichConsole):
    """Escapes control characters in all that it shows, and takes no word for markup.

    Results that have to stay exact are not for it.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"highlight": False, "markup": False, "emoji": False, **options})

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As rich does, whose own codes are segments of their own."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text, LINES), segment.style)
