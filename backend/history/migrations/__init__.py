"""Migrations of the history's database, which Alembic runs."""
