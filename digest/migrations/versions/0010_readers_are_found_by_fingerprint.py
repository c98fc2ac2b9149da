"""Readers are found by the fingerprint of their address, and no longer by the address as well."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

#: The tables whose rows SQLite deletes with those of a reader.
HANGING = ("subscription", "reader_request")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("uq_subscriber_address_key", "subscriber", type_="unique")
    else:
        make_anew()


def make_anew() -> None:
    """Make SQLite's table anew without the index; what hangs on it, and the last number given out, stay."""
    last = op.get_bind().scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'subscriber'"))
    for child in HANGING:
        op.execute(f"CREATE TEMPORARY TABLE kept_{child} AS SELECT * FROM {child}")
    numbered = {"sqlite_autoincrement": True}
    with op.batch_alter_table("subscriber", recreate="always", table_kwargs=numbered) as table:
        table.drop_constraint("uq_subscriber_address_key", type_="unique")
    for child in HANGING:
        op.execute(f"DELETE FROM {child}")
        op.execute(f"INSERT INTO {child} SELECT * FROM kept_{child}")
        op.execute(f"DROP TABLE kept_{child}")
    # The copy knows only the readers that there are; the number of one who was erased must not come back.
    op.execute("DELETE FROM sqlite_sequence WHERE name = 'subscriber'")
    if last is not None:
        op.execute(sa.text("INSERT INTO sqlite_sequence VALUES ('subscriber', :last)").bindparams(last=last))
