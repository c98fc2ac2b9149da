"""Reports about mails that came back, and complaints."""

import sqlalchemy as sa
from alembic import op


revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bounce",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mail", sa.String(length=50), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("hard", "soft", "policy", "complaint", "unsubscribe", name="bouncekind", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("diagnostic", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounce")),
        sa.UniqueConstraint("mail", "kind", "status", name=op.f("uq_bounce_mail")),
    )
    op.create_index("ix_bounce_score", "bounce", ["fingerprint", "kind", "at"])
    op.create_index("ix_bounce_at", "bounce", ["at"])
