"""Provide the console script ``kikipounamu-gateway``."""


def main() -> None:
    """Run the console script; garbage collection would take almost half of its start and end."""
    try:
        from runtime.memory import without_collection

        with without_collection():
            from backend.cli.main import main as program
        program()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
