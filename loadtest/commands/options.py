"""Options that several commands have."""

from pathlib import Path
from typing import Annotated, Final

import typer

MOST_SPEAKERS: Final = 100_000
MOST_SEED: Final = 2**63 - 1
DAY_S: Final = 86_400.0

Gateway = Annotated[str, typer.Option(help="https://HOST:PORT [default: the local gateway]")]
Key = Annotated[str, typer.Option(envvar="KIKIPOUNAMU_KEY", help="Key of the gateway.")]
Certificate = Annotated[
    str,
    typer.Option("--certificate-sha256", help="SHA-256 of the gateway's certificate, if it is self-signed."),
]
Seed = Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Seed of the random audio.")]
Patience = Annotated[
    float, typer.Option(min=0.0, max=DAY_S, help="Seconds without a result after which a segment counts as lost.")
]
Ramp = Annotated[float, typer.Option(min=0.0, max=DAY_S, help="Seconds until all are connected.")]
Partials = Annotated[bool, typer.Option("--partials/--no-partials", help="Request partials.")]
ReportIn = Annotated[Path | None, typer.Option("--report", help="Folder for report.json and report.html.")]
ExpectRefusals = Annotated[
    bool, typer.Option("--expect-refusals", help="Do not count temporary refusals as failures.")
]
