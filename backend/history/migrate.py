"""Create or upgrade the history's tables when a gateway starts."""

from importlib.resources import files
from typing import Final

from alembic.command import upgrade
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from backend.core.errors import HistoryUnavailable
from backend.history.database import Database

_LOCK: Final = 0x6B696B69  # any number of our own; serialises gateways that start together on one PostgreSQL


def migrate(database: Database, revision: str = "head") -> None:
    """Migrate the tables to this revision, in one transaction. Raises ``HistoryUnavailable``."""
    try:
        with database.writing() as connection:
            if not database.is_sqlite:  # in SQLite the transaction itself excludes all others
                _check_encoding(connection, database.place)
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            upgrade(_config(connection), revision)
    except CommandError as error:
        raise HistoryUnavailable(
            f"the history in {database.place} was made by a newer version: update this one ({error})"
        ) from error


def revisions() -> list[str]:
    """Return the names of all revisions, the oldest first."""
    script = ScriptDirectory.from_config(_config(None))
    return [one.revision for one in reversed(list(script.walk_revisions()))]


def _check_encoding(connection: Connection, place: str) -> None:
    """Require UTF-8: any other encoding would refuse most languages, one segment after the other."""
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise HistoryUnavailable(
            f"the history in {place} has the encoding {encoding}: make a database with ENCODING 'UTF8'"
        )


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("backend.history") / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
