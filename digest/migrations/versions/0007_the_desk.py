"""Revisions of Drafts, corrections, the audit trail, and further ways to sign in."""

import sqlalchemy as sa
from alembic import op


revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "draft_revision",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=500), nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("by", sa.String(length=320), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.Integer(), nullable=True),
        sa.Column("after", sa.Integer(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_draft_revision_edition_id_edition"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "version", name=op.f("pk_draft_revision")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=320), nullable=False),
        sa.Column("act", sa.String(length=50), nullable=False),
        sa.Column("about", sa.String(length=300), nullable=False),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_at"), "audit_entry", ["at"])
    op.create_table(
        "staff_link",
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_link_staff_id_staff"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_staff_link")),
    )
    op.create_index(op.f("ix_staff_link_staff_id"), "staff_link", ["staff_id"])
    op.create_index(op.f("ix_staff_link_expires_at"), "staff_link", ["expires_at"])
    # SQLite adds columns in place; a batch would copy the tables, and with them drop what hangs on them.
    op.add_column("staff", sa.Column("totp_secret", sa.String(length=300), nullable=True))
    op.add_column("staff", sa.Column("totp_step", sa.Integer(), server_default="0", nullable=False))
    op.add_column("staff", sa.Column("recovery_hashes", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("edition", sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("edition", sa.Column("correction", sa.String(length=500), server_default="", nullable=False))
    op.add_column("edition", sa.Column("corrected_bytes", sa.LargeBinary(), nullable=True))
    corrects = sa.Column("corrects_id", sa.Integer(), nullable=True)
    name = op.f("fk_edition_corrects_id_edition")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"ALTER TABLE edition ADD COLUMN corrects_id INTEGER CONSTRAINT {name} REFERENCES edition (id)")
    else:
        op.add_column("edition", corrects)
        op.create_foreign_key(name, "edition", "edition", ["corrects_id"], ["id"])
