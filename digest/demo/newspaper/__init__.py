"""
The sample newspaper: papers of invented places, as a little source site would publish them.

Takes   the TOML files beside this one, one per publisher, and the hour of going to press.
Gives   Documents by path: feeds in four formats, article pages, pictures; and the files of a folder source.
Touches its own files only.
"""
