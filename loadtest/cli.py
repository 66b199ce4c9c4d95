"""``kikipounamu-loadtest``: load for a gateway whose workers run the checksum engine."""

from typing import Final

from loadtest.commands.attacks import fuzz, hostile
from loadtest.commands.chaos import chaos
from loadtest.commands.endurance import burst, idle, long, soak
from loadtest.commands.load import herd, sessions, streams
from loadtest.commands.plan import plan
from runtime import command_line
from runtime.folders import refuse_writes_of_others
from runtime.program_start import set_environment
from runtime.terminal import standard_streams

app = command_line.group("Generate load for a gateway.", add_completion=True)

_COMMANDS: Final = (sessions, streams, herd, idle, long, burst, soak, hostile, fuzz, chaos, plan)
"""Commands in the order of the help."""


@app.callback()
def _program(version: command_line.Version = False) -> None:
    """Generate load for a gateway whose workers run `kikipounamu-worker run --engine checksum`."""


for _command in _COMMANDS:
    app.command(cls=command_line.FiniteCommand)(_command)


def main() -> None:
    """Run the console script."""
    set_environment()
    refuse_writes_of_others()
    with standard_streams():
        app()
