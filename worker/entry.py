"""Provide the console script ``kikipounamu-worker``."""


def main() -> None:
    """Run the console script; garbage collection would take a third of its start and end."""
    try:
        from runtime.memory import without_collection

        with without_collection():
            from worker.cli import main as program
        program()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
