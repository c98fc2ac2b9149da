"""The words by which Articles and Editions are found, and indexes of them; what there is gets its words here."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from digest.model.draft import Draft
from digest.model.findable import LONGEST_BODY, Texts

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: Rows whose words are written in one go.
BATCH = 1000


def upgrade() -> None:
    bind = op.get_bind()
    is_postgresql = bind.dialect.name == "postgresql"
    words = TSVECTOR() if is_postgresql else sa.Text()
    op.create_table(
        "article_words",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", words, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_words_article_id_article"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_article_words")),
    )
    op.create_table(
        "edition_words",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("newsletter", sa.String(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("words", words, nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_edition_words_edition_id_edition"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", name=op.f("pk_edition_words")),
    )
    if not is_postgresql:
        _index("article_index", "article_words", "article_id")
        _index("edition_index", "edition_words", "edition_id")
    _fill_articles(bind)
    _fill_editions(bind)
    if is_postgresql:  # an index is built faster than it is kept up
        for table in ("article_words", "edition_words"):
            op.create_index(op.f(f"ix_{table}_words"), table, ["words"], postgresql_using="gin")


def _index(name: str, rows: str, key: str) -> None:
    out = f"INSERT INTO {name} ({name}, rowid, words) VALUES ('delete', old.{key}, old.words)"
    into = f"INSERT INTO {name} (rowid, words) VALUES (new.{key}, new.words)"
    op.execute(
        f"CREATE VIRTUAL TABLE {name} USING fts5(words, content='{rows}', content_rowid='{key}', tokenize='ascii')"
    )
    op.execute(f"CREATE TRIGGER {name}_in AFTER INSERT ON {rows} BEGIN {into}; END")
    op.execute(f"CREATE TRIGGER {name}_out AFTER DELETE ON {rows} BEGIN {out}; END")
    op.execute(
        f"CREATE TRIGGER {name}_new AFTER UPDATE OF words ON {rows} WHEN old.words IS NOT new.words"
        f" BEGIN {out}; {into}; END"
    )


def _written(bind: sa.Connection, texts: Texts) -> str:
    return texts.for_postgresql() if bind.dialect.name == "postgresql" else texts.for_sqlite()


def _fill_articles(bind: sa.Connection) -> None:
    article = sa.table(
        "article", *map(sa.column, ("id", "source_id", "published_at", "title", "summary", "body")), sa.column("deleted", sa.Boolean())
    )
    rows = sa.table("article_words", *map(sa.column, ("article_id", "source_id", "published_at", "words")))
    rows.c.words.type = TSVECTOR() if bind.dialect.name == "postgresql" else sa.Text()
    last = 0
    while found := bind.execute(
        sa.select(article).where(article.c.id > last).order_by(article.c.id).limit(BATCH)
    ).all():
        last = found[-1].id
        values = [
            {
                "article_id": row.id,
                "source_id": row.source_id,
                "published_at": row.published_at,
                "words": _written(bind, Texts(row.title, f"{row.summary}\n{row.body[:LONGEST_BODY]}")),
            }
            for row in found
            if not row.deleted
        ]
        if values:
            bind.execute(rows.insert(), values)


def _fill_editions(bind: sa.Connection) -> None:
    edition = sa.table(
        "edition",
        *map(sa.column, ("id", "newsletter", "approved_at")),
        sa.column("date", sa.Date()),
        sa.column("draft_json", sa.JSON()),
    )
    rows = sa.table("edition_words", *map(sa.column, ("edition_id", "newsletter")), sa.column("date", sa.Date()), sa.column("words"))
    rows.c.words.type = TSVECTOR() if bind.dialect.name == "postgresql" else sa.Text()
    is_frozen = edition.c.approved_at.is_not(None) & edition.c.draft_json.is_not(None)
    for edition_id in bind.scalars(sa.select(edition.c.id).where(is_frozen)).all():
        row = bind.execute(sa.select(edition).where(edition.c.id == edition_id)).one()
        values = {
            "edition_id": row.id,
            "newsletter": row.newsletter,
            "date": row.date,
            "words": _written(bind, Texts.of_draft(Draft.from_json(row.draft_json))),
        }
        bind.execute(rows.insert(), values)
