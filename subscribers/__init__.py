"""The readers: who they are, what they asked for, and what they must never get again."""
