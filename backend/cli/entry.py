"""Provide the console script ``kikipounamu-gateway``."""


def main() -> None:
    """Run the console script; garbage collection would take almost half of its start and end."""
    try:
        from runtime.memory import without_collection

        try:
            with without_collection():
                from backend.cli.main import main as program
        except ModuleNotFoundError as error:
            _log_missing(error)
            raise SystemExit(2) from None
        program()
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _log_missing(error: ModuleNotFoundError) -> None:
    """Log which extra has the missing library."""
    from runtime import loggers
    from runtime.event_names import LogEvent
    from runtime.folders import folders
    from runtime.installing import missing_library
    from runtime.logs import logging_to

    reason = missing_library(error, "gateway")
    with logging_to("gateway", folders().logs):
        loggers.BACKEND_CLI.error(LogEvent.GATEWAY_CANNOT_RUN, reason=reason)
