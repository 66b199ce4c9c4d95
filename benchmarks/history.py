"""Speed of the history with many takes: first reading, opening, search while typing, scrolling, deletion.

    python -m benchmarks.history [--takes 20000] [--json FILE]

The takes are generated: half of the texts English, half Chinese, 10 to 120 words each, with the word frequencies
of a language (Zipf). Access is through ``app.history.history``, as in a window: each typed letter is a search
for the newest 50 matches. Times are in ms; memory is the process's own (USS), in MB.
"""

import asyncio
import logging
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np
import psutil

from app.history.history import History
from app.history.index import IndexRow
from app.history.rerecognition import Rerunner
from app.journal.library import Library
from benchmarks.report import arguments, report
from client.connection import Address, fixed_locator
from tests.helpers.takes import write_take

_PAGE: Final = 50
_ROUNDS: Final = 5
_TYPED: Final = 60
_KINDS: Final = 8_000
_EVERY_S: Final = 131.0
_LATEST_S: Final = 1_750_000_000.0

Line = dict[str, object]


class Texts:
    """Meaningless English and Chinese texts, and words that occur in them."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._weights = list(accumulate(1 / rank for rank in range(1, _KINDS + 1)))
        han = [chr(0x4E00 + number) for number in chance.sample(range(0x51A5), 3_000)]
        self._english = [
            "".join(chance.choices("etaoinshrdlucmfw", k=chance.randint(2, 9))) for _ in range(_KINDS)
        ]
        self._chinese = ["".join(chance.choices(han, k=chance.choice((1, 2, 2, 2, 3, 4)))) for _ in range(_KINDS)]

    def text(self, chinese: bool) -> str:
        """Return the text of one take."""
        words = self.words(chinese, self._chance.randint(10, 120))
        return ",".join(words) + "。" if chinese else " ".join(words).capitalize() + "."

    def words(self, chinese: bool, count: int) -> list[str]:
        """Return ``count`` words; frequent words are more likely."""
        kinds = self._chinese if chinese else self._english
        return self._chance.choices(kinds, cum_weights=self._weights, k=count)


def main() -> None:
    """Measure, print and save the figures."""
    logging.disable(logging.WARNING)
    options = arguments(__doc__, takes=20_000)
    texts = Texts(random.Random(20_000))
    with tempfile.TemporaryDirectory() as folder:
        library, takes = Library(Path(folder) / "takes"), options.takes
        for number in range(takes):
            language = ("en", "zh")[number % 2]
            text = texts.text(language == "zh")
            write_take(library.root, UUID(int=number), _LATEST_S - number * _EVERY_S, text, language)
        lines = asyncio.run(_measure(library, Path(folder) / "history" / "index.sqlite", texts))
    report(f"history of {takes} takes", lines, options.json)


async def _measure(library: Library, place: Path, texts: Texts) -> list[Line]:
    queries = {"English": texts.words(False, _TYPED), "Chinese": texts.words(True, _TYPED)}
    queries["mixed"] = [f"{a} {b}" for a, b in zip(*queries.values(), strict=True)]
    rerunner = Rerunner(fixed_locator(Address("")))
    lines: list[Line] = []

    def add(what: str, took: list[float], memory: float = float("nan")) -> None:
        p50, p95 = np.percentile(took, (50, 95))
        lines.append(
            {"what": what, "times": len(took), "p50": p50, "p95": p95, "worst": max(took), "grew_MB": memory}
        )

    before = _memory()
    async with History(library, rerunner, place) as history:
        start = time.perf_counter()
        reading = history.refresh()
        meanwhile = await _typed(history, queries["mixed"][:10])
        await reading
        add("first reading of all", [since_ms(start)], _memory() - before)
        add("a letter typed during that", meanwhile)
    opened, looked = await _open(library, rerunner, place)
    add("opened, first page shown", opened)
    add("every take looked at again", looked)
    async with History(library, rerunner, place) as history:
        await history.refresh()
        for language, words in queries.items():
            add(f"a letter typed, {language}", await _typed(history, words))
        before = _memory()
        add("a page scrolled", await _scroll(history), _memory() - before)
        before = _memory()
        add("keys of all", [await _timed(history.keys) for _ in range(_ROUNDS)], _memory() - before)
        some = [UUID(int=number) for number in range(0, 5 * _ROUNDS, 5)]
        add("a take deleted for good", [await _timed(partial(history.delete, [one])) for one in some])
    return lines


async def _open(library: Library, rerunner: Rerunner, place: Path) -> tuple[list[float], list[float]]:
    opened: list[float] = []
    looked: list[float] = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        async with History(library, rerunner, place) as history:
            assert len(await history.page(_PAGE)) == _PAGE
            opened.append(since_ms(start))
            await history.refresh()
            looked.append(since_ms(start))
    return opened, looked


async def _typed(history: History, words: list[str]) -> list[float]:
    """Search for every prefix of every word; return the times."""
    took: list[float] = []
    for word in words:
        for end in range(1, len(word) + 1):
            query = word[:end]
            took.append(await _timed(partial(history.page, _PAGE, query=query)))
    return took


async def _scroll(history: History) -> list[float]:
    took: list[float] = []
    page: list[IndexRow] = []
    seen = 0
    while True:
        before = page[-1].key if page else None
        start = time.perf_counter()
        page = await history.page(_PAGE, before)
        took.append(since_ms(start))
        seen += len(page)
        if not page:
            assert seen == len(await history.keys())
            return took


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    start = time.perf_counter()
    await work()
    return since_ms(start)


def since_ms(start: float) -> float:
    """Return the milliseconds since ``start``, on the clock of ``time.perf_counter``."""
    return 1000 * (time.perf_counter() - start)


def _memory() -> float:
    return float(psutil.Process().memory_full_info().uss) / 1e6


if __name__ == "__main__":
    main()
