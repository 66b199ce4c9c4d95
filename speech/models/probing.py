"""Asking all sources of a model at once whether they answer."""

import queue
import threading
import time
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from speech.models.errors import SourceFailed
from speech.models.sources import Source
from speech.models.stopping import NEVER, Stop

DEADLINE_S: Final = 3.0


class Probes:
    """Probes run from the moment this is made; iterating gives each source in order with what became of it.

    A source early in the order is used as soon as it has answered, whatever the later ones do, and all the dead
    ones together cost one deadline.
    """

    def __init__(self, sources: Iterable[Source], deadline_s: float = DEADLINE_S, stop: Stop = NEVER) -> None:
        self._stop = stop
        self._deadline_s = deadline_s
        self._end = time.monotonic() + deadline_s
        self._asked = [(source, self._ask(source)) for source in sources]

    def __iter__(self) -> Iterator[tuple[Source, SourceFailed | None]]:
        """Each source, with ``None`` if it answered or with why it is out. Raises ``Stopped``."""
        for source, answers in self._asked:
            try:
                with self._stop.waking(partial(answers.put, None)):
                    answer = answers.get(timeout=max(0.0, self._end - time.monotonic()))
            except queue.Empty:
                answer = SourceFailed(f"no answer within {self._deadline_s:g} s")
            self._stop.check()
            answers.put(answer)  # for whoever iterates again
            yield source, answer

    def _ask(self, source: Source) -> "queue.SimpleQueue[SourceFailed | None]":
        answers: queue.SimpleQueue[SourceFailed | None] = queue.SimpleQueue()
        # A daemon: looking up a name has no deadline of its own and must not hold the process up at its end.
        threading.Thread(
            target=_probe, args=(source, self._deadline_s, answers), name=f"probe {source.name}", daemon=True
        ).start()
        return answers


def _probe(source: Source, deadline_s: float, answers: "queue.SimpleQueue[SourceFailed | None]") -> None:
    try:
        source.probe(deadline_s)
    except SourceFailed as error:
        answers.put(error)
    else:
        answers.put(None)
