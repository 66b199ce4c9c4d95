"""Concurrent probes of all sources of a model."""

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
    """Probes that start at once; iterating yields each source, in order, with its result.

    An early source is used as soon as it has answered, whatever later ones do. All dead sources together cost a
    single deadline.
    """

    def __init__(self, sources: Iterable[Source], deadline_s: float = DEADLINE_S, stop: Stop = NEVER) -> None:
        self._stop = stop
        self._deadline_s = deadline_s
        self._end = time.monotonic() + deadline_s
        self._asked = [(source, self._ask(source)) for source in sources]

    def __iter__(self) -> Iterator[tuple[Source, SourceFailed | None]]:
        """Yield each source with ``None`` if it answered, or with its error. Raises ``Stopped``."""
        for source, answers in self._asked:
            try:
                with self._stop.waking(partial(answers.put, None)):
                    answer = answers.get(timeout=max(0.0, self._end - time.monotonic()))
            except queue.Empty:
                answer = SourceFailed(f"no answer within {self._deadline_s:g} s")
            self._stop.check()
            answers.put(answer)  # for a second iteration
            yield source, answer

    def _ask(self, source: Source) -> "queue.SimpleQueue[SourceFailed | None]":
        answers: queue.SimpleQueue[SourceFailed | None] = queue.SimpleQueue()
        # A daemon: a name lookup has no deadline and must not delay the end of the process.
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
