"""Provide the console script ``kikipounamu-worker``."""


def main() -> None:
    """Run the console script, and import without garbage collection, which would take a third of the start."""
    from runtime.program_start import NO_MEMORY, require

    try:
        require(memory_mb=60)  # for what is imported
        from runtime.memory import without_collection

        try:
            with without_collection():
                from worker.cli import main as program
        except ModuleNotFoundError as error:
            from runtime import loggers
            from runtime.event_names import LogEvent
            from runtime.installing import log_missing_library

            log_missing_library(error, "worker", loggers.WORKER_CLI, LogEvent.WORKER_CANNOT_RUN)
            raise SystemExit(3) from None
        program()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except MemoryError:
        raise SystemExit(NO_MEMORY) from None
