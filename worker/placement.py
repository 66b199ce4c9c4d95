"""Which streams a worker reads, and in which order."""

from protocol.job import CLASSES, Keys


def job_streams(keys: Keys, model: str) -> tuple[str, ...]:
    """Streams for a worker that has loaded ``model``: interactive before bulk, its own model before any."""
    return tuple(keys.jobs(priority, wanted) for priority in CLASSES for wanted in (model, ""))


def urgent_streams(keys: Keys, model: str) -> tuple[str, ...]:
    """Those of them whose jobs come before partials: somebody speaks and waits."""
    return tuple(keys.jobs(CLASSES[0], wanted) for wanted in (model, ""))


def partial_streams(keys: Keys, model: str) -> tuple[str, ...]:
    """Streams of partials for a worker with ``model`` and without an urgent job: its own model before any."""
    return tuple(keys.partials(wanted) for wanted in (model, ""))
