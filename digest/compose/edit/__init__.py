"""
Edit: the acts of an editor on a Draft.

Takes   a Draft, its Newsletter, and an act: what is asked for, as a value.
Gives   the Draft after it, the act in words, and the differences between two Drafts in words.
Touches nothing. The same act on the same Draft gives the same Draft.
"""
