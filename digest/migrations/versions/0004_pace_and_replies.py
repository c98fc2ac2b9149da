"""Token buckets and holds of domains, which relay said what of a mail, and Deliveries without a foreign key."""

import sqlalchemy as sa
from alembic import op


revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bucket",
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("tokens", sa.Double(), nullable=False),
        sa.Column("filled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_bucket")),
    )
    op.create_table(
        "domain_hold",
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("reply", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_domain_hold")),
    )
    for table in ("delivery", "notice"):
        with op.batch_alter_table(table) as changed:
            if table == "delivery":
                changed.drop_constraint("fk_delivery_edition_id_edition", type_="foreignkey")
            changed.add_column(sa.Column("last_relay", sa.String(length=40), nullable=False, server_default=""))
            changed.add_column(sa.Column("last_status", sa.String(length=10), nullable=False, server_default=""))
