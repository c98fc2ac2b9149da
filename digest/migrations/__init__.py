"""The history of the schema, numbered and worded; Alembic runs it through env.py."""
