"""Add what second passes replace, and which audio counts."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns ``replaces`` and ``counted`` to the segments, and an index of the second passes."""
    op.add_column("segments", sa.Column("replaces", sa.Text, nullable=False, server_default=sa.text("''")))
    op.add_column("segments", sa.Column("counted", sa.BigInteger))
    some = sa.text("replaces <> ''")
    op.create_index("ix_segments_spans", "segments", ["session"], sqlite_where=some, postgresql_where=some)


def downgrade() -> None:
    """Drop the index and both columns."""
    op.drop_index("ix_segments_spans", "segments")
    op.drop_column("segments", "counted")
    op.drop_column("segments", "replaces")
