"""Run a command line of ours in the test's own process, which saves the start of a program."""

import subprocess
from collections.abc import Mapping

import typer
from typer.testing import CliRunner


def called(
    program: typer.Typer, *arguments: str, environment: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    """Return the output and the exit status of a program; ``environment``: variables besides this process's."""
    done = CliRunner().invoke(program, arguments, env=environment)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)
