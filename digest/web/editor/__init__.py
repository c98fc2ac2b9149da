"""
Editor: the desk, where today's Editions are looked at, held and approved.

Takes   requests of staff who have signed in.
Gives   pages; only a POST with the sign-in's own token acts.
Touches what ``desk`` and ``staff`` touch.
"""
