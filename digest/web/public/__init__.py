"""
Public: the pages of readers, without sign-in and without scripts.

Takes   requests of readers, mail programs and link scanners.
Gives   pages; reading changes nothing, only a POST acts.
Touches what ``readers`` touches.
"""
