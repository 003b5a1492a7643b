"""Alembic's entry: runs the migrations on the connection that bot.store.schema hands over."""

from alembic import context
from sqlmodel import SQLModel

from bot.store import tables  # noqa: F401  (fills the metadata that a new migration is compared with)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,  # SQLite can't alter a column in place
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
