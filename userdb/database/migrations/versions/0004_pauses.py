"""Attempts to log in are counted by address and device too, and pauses between them grow. What was counted is forgotten."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table anew."""
    op.drop_table("login_attempts")
    op.create_table(
        "login_attempts",
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_login_attempts"),
    )
    op.create_index("ix_login_attempts_until", "login_attempts", ["until"])


def downgrade() -> None:
    """Make it as it was."""
    op.drop_table("login_attempts")
    op.create_table(
        "login_attempts",
        sa.Column("username", sa.String(80).with_variant(sa.String(80, collation="C"), "postgresql"), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("username", name="pk_login_attempts"),
    )
    op.create_index("ix_login_attempts_since", "login_attempts", ["since"])
