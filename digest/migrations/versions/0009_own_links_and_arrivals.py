"""The links that editors have given to Editions; a shorter way to what each Source has brought of late."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "edition_link",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("url_key", sa.String(length=600), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_edition_link_edition_id_edition")),
        sa.PrimaryKeyConstraint("edition_id", "url_key", name=op.f("pk_edition_link")),
    )
    op.create_index("ix_article_source_id_first_seen_at", "article", ["source_id", "first_seen_at"])
