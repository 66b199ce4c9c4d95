"""Provide the console script ``kikipounamu-loadtest``."""


def main() -> None:
    """Run the console script, and import without garbage collection, which would take a third of the start."""
    try:
        from runtime.memory import without_collection

        with without_collection():
            from loadtest.cli import main as program
        program()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
