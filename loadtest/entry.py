"""Provide the console script ``kikipounamu-loadtest``."""

from runtime.memory import without_collection


def main() -> None:
    """Run the console script; garbage collection would take a third of its start and end."""
    with without_collection():
        from loadtest.cli import main as program
    program()
