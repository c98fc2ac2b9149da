"""What Sources ask of us, pages to read, Sources added by hand, and editors' rulings."""

import sqlalchemy as sa
from alembic import op


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.add_column(sa.Column("moving_to", sa.String(length=2000), nullable=True))
        batch_op.add_column(sa.Column("sightings", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("ttl_seconds", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("skip_hours", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("skip_days", sa.JSON(), nullable=False, server_default="[]"))

    with op.batch_alter_table("article", schema=None) as batch_op:
        batch_op.add_column(sa.Column("page_due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("page_tries", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_index(batch_op.f("ix_article_page_due_at"), ["page_due_at"], unique=False)

    op.create_table(
        "added_source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("newsletter", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=2000), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("feed", "sitemap", "page", "folder", name="sourcekind", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("section", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("full_text", sa.Boolean(), nullable=False),
        sa.Column("selectors", sa.JSON(), nullable=False),
        sa.Column("added_by", sa.String(length=320), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_added_source")),
        sa.UniqueConstraint("newsletter", "address", name=op.f("uq_added_source_newsletter")),
    )
    with op.batch_alter_table("added_source", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_added_source_newsletter"), ["newsletter"], unique=False)

    op.create_table(
        "editorial_ruling",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("newsletter", sa.String(length=100), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("merge", "split", "pin", "boost", name="rulingkind", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("url_key", sa.String(length=600), nullable=False),
        sa.Column("other_key", sa.String(length=600), nullable=False),
        sa.Column("factor", sa.Double(), nullable=False),
        sa.Column("by", sa.String(length=320), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editorial_ruling")),
        sa.UniqueConstraint(
            "newsletter", "kind", "url_key", "other_key", name=op.f("uq_editorial_ruling_newsletter")
        ),
    )
    with op.batch_alter_table("editorial_ruling", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_editorial_ruling_newsletter"), ["newsletter"], unique=False)
        batch_op.create_index(batch_op.f("ix_editorial_ruling_at"), ["at"], unique=False)
