"""Provide the console script ``kikipounamu-gateway``."""

from runtime.memory import without_collection


def main() -> None:
    """Run the console script; garbage collection would take almost half of its start and end."""
    with without_collection():
        from backend.cli.main import main as program
    program()
