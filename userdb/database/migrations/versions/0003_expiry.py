"""Indexes by which what has expired is found, without looking at all that has not."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("ix_ended_sessions_expires", "ended_sessions", ["expires"])
    op.create_index("ix_login_attempts_since", "login_attempts", ["since"])


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_login_attempts_since", "login_attempts")
    op.drop_index("ix_ended_sessions_expires", "ended_sessions")
