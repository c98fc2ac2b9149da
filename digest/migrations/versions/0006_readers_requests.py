"""What readers ask for and confirm, pauses with an end, why they leave, and Editions for some."""

import sqlalchemy as sa
from alembic import op


revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

#: Tables whose ids must never be given out twice, and those that hang on them.
HANGING = {"subscriber": ("subscription", "reader_request"), "notice": ("attempt",)}


def upgrade() -> None:
    op.create_table(
        "signup_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("newsletter", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("address_key", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("sections", sa.JSON(none_as_null=True), nullable=True),
        sa.Column(
            "cadence",
            sa.Enum("daily", "weekdays", "weekly", "special", name="cadence", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("hour", sa.Time(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("network_address", sa.String(length=45), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signup_request")),
    )
    op.create_index(op.f("ix_signup_request_address_key"), "signup_request", ["address_key"])
    op.create_table(
        "reader_request",
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("address", "export", "erasure", name="requestkind", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("nonce", sa.String(length=13), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscriber.id"],
            name=op.f("fk_reader_request_subscriber_id_subscriber"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscriber_id", "kind", name=op.f("pk_reader_request")),
    )
    op.create_table(
        "fingerprint_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fingerprint_check")),
    )
    # SQLite adds columns in place; a batch would copy a table of readers, and with it drop what hangs on it.
    op.add_column("subscriber", sa.Column("address_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("subscription", sa.Column("paused_until", sa.Date(), nullable=True))
    causes = ("too often", "too long", "not for me", "never asked", "other")
    cause = sa.Enum(*causes, name="leavingcause", native_enum=False, length=20)
    op.add_column("subscription", sa.Column("leaving_cause", cause, nullable=True))
    op.add_column(
        "subscription", sa.Column("leaving_words", sa.String(length=500), server_default="", nullable=False)
    )
    op.add_column("edition", sa.Column("audience_json", sa.JSON(), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        for table, hanging in HANGING.items():
            number_for_ever(table, hanging)


def number_for_ever(table: str, hanging: tuple[str, ...]) -> None:
    """Let SQLite never give the id of a deleted row of *table* to a new one, as PostgreSQL never does."""
    # The table is made anew. Dropping the old one deletes what hangs on it, so that is kept aside and put back.
    for child in hanging:
        op.execute(f"CREATE TEMPORARY TABLE kept_{child} AS SELECT * FROM {child}")
    with op.batch_alter_table(table, recreate="always", table_kwargs={"sqlite_autoincrement": True}):
        pass
    for child in hanging:
        op.execute(f"DELETE FROM {child}")
        op.execute(f"INSERT INTO {child} SELECT * FROM kept_{child}")
        op.execute(f"DROP TABLE kept_{child}")
