"""A column more in every table, filled where there are rows, and a table more."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
serves = ("0001",)


def upgrade() -> None:
    for name in sa.inspect(op.get_bind()).get_table_names():
        if name != "alembic_version":
            op.add_column(name, sa.Column("later", sa.String(), nullable=False, server_default="not yet"))
    op.execute("UPDATE delivery SET later = 'filled'")
    op.create_table("later", sa.Column("id", sa.Integer(), nullable=False), sa.PrimaryKeyConstraint("id"))
    op.create_index("delivery_later", "delivery", ["later"])
