"""Provide the console script ``kikipounamu-gateway``."""


def main() -> None:
    """Run the console script, and import without garbage collection, which would take almost half of the start."""
    from runtime.program_start import NO_MEMORY, require

    try:
        require(memory_mb=100)  # for what is imported
        from runtime.memory import without_collection

        try:
            with without_collection():
                from backend.cli.main import main as program
        except ModuleNotFoundError as error:
            from runtime import loggers
            from runtime.event_names import LogEvent
            from runtime.installing import log_missing_library

            log_missing_library(error, "gateway", loggers.BACKEND_CLI, LogEvent.GATEWAY_CANNOT_RUN)
            raise SystemExit(2) from None
        program()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except MemoryError:
        raise SystemExit(NO_MEMORY) from None
