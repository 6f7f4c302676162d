"""What alembic runs for each command: the steps, over the connection and in the transaction of userdb.database.schema."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
