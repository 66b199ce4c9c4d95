"""Details of one take for the window: times of its words, and differences of other recognitions. Pure."""

from msgspec.structs import replace

from app.history.difference import difference, words_that_differ
from app.history.view import Comparison, Rerun, TakeDetails
from app.history.word_times import spoken_in
from app.journal.events import Reran, started_s
from app.journal.library import TakeSnapshot
from protocol.audio import samples_to_ms


def details(found: TakeSnapshot, wanted: Reran | int | None = None) -> TakeDetails:
    """Return the details of a take.

    ``wanted``: the run to compare, by index or as a result, which need not be stored; ``None``: the last.
    """
    text, runs = found.text, list(found.take.runs)
    if isinstance(wanted, Reran):
        wanted = _place(runs, wanted)
    chosen = len(runs) - 1 if wanted is None or wanted >= len(runs) else wanted
    return TakeDetails(
        found.session,
        text,
        samples_to_ms(found.samples),
        spoken_in(found.transcript, text),
        tuple(Rerun(started_s(run), run.model, run.vad, run.missing) for run in runs),
        _compared(text, chosen, runs[chosen]) if runs else None,
    )


def _place(runs: list[Reran], wanted: Reran) -> int:
    """Return the index of an equal run; a result that is not stored is appended."""
    for number, run in enumerate(runs):
        if replace(run, started=wanted.started) == wanted:
            return number
    runs.append(wanted)
    return len(runs) - 1


def _compared(text: str, number: int, run: Reran) -> Comparison:
    pieces = difference(text, run.text)
    return Comparison(number, run.text, pieces, words_that_differ(pieces))
