"""All queries, named by what they mean; a file per row noun. The caller owns the transaction."""
