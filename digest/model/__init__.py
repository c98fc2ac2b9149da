"""
The nouns: frozen values for what is passed between stages, rows for what is kept.

This file stays empty of imports, so that importing a value never loads a row.
"""
