"""Check of the takes: their number, their size on disk, and those without a text. Blocks."""

from itertools import islice
from typing import Final

from rich.filesize import decimal

from app.diagnostics.checks.finding import Area, Finding, advice, ok
from app.journal.library import Library
from app.journal.take import TakeState

_MOST: Final = 2_000
_NAMED: Final = 3
_WITHOUT_TEXT: Final = frozenset({TakeState.INTERRUPTED, TakeState.WAITING, TakeState.FAILED})


def recordings(library: Library) -> list[Finding]:
    """Count the takes, at most the newest 2,000, and name some that need attention.

    Reports no text.
    """
    takes = list(islice(library.latest(), _MOST))
    if not takes:
        return [ok(Area.RECORDINGS, "recordings-none")]
    size, seconds = decimal(sum(take.size for take in takes)), f"{sum(take.seconds for take in takes) / 60:.0f}"
    findings = [ok(Area.RECORDINGS, "recordings", count=len(takes), size=size, minutes=seconds)]
    if damaged := [take for take in takes if take.damaged]:
        named = "; ".join(f"kikipounamu takes show {take.session}" for take in damaged[:_NAMED])
        findings.append(advice(Area.RECORDINGS, "recordings-damaged", count=len(damaged), commands=named))
    unfinished = [take for take in takes if take.state in _WITHOUT_TEXT]
    if unfinished:
        named = "; ".join(f"kikipounamu takes resend {take.session}" for take in unfinished[:_NAMED])
        findings.append(advice(Area.RECORDINGS, "recordings-textless", count=len(unfinished), commands=named))
    return findings
