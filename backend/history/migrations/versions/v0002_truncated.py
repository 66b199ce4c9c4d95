"""Add the mark of files whose end is missing."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column ``truncated`` to the sessions."""
    op.add_column("sessions", sa.Column("truncated", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Drop the column ``truncated``."""
    op.drop_column("sessions", "truncated")
