"""Define the errors of the notice of newer versions."""

from app.core.errors import AppError, Note


class UpdateError(AppError):
    """Base class: the newest version cannot be found out."""


class PlaceUnknown(UpdateError):
    """The address of the index, or the key that signs it, is not set."""

    note = Note("updates-no-place")

    def __init__(self) -> None:
        super().__init__("this build does not know where versions are announced: set updates.url and updates.key")


class IndexUnreachable(UpdateError):
    """The index cannot be fetched."""

    note = Note("updates-unreachable")

    def __init__(self, why: str) -> None:
        super().__init__(f"the list of versions cannot be fetched: {why}: try again later")


class IndexRefused(UpdateError):
    """The index is not signed by a known key, or is no index."""

    note = Note("updates-refused")

    def __init__(self, why: str) -> None:
        super().__init__(f"the list of versions is not trusted: {why}: get versions from the project's own page")


class IndexStale(UpdateError):
    """The index is older than one that was seen before, or no longer valid."""

    note = Note("updates-stale")

    def __init__(self, why: str) -> None:
        super().__init__(f"the list of versions is outdated: {why}: look at the project's own page")
