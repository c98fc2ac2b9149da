"""
Readers: the acts of readers where they touch the paper. What web, command line and jobs all call.

Takes   the Services, and what a reader has typed, pressed or followed.
Gives   what the page behind it shows. Whoever asks learns nothing of who reads what.
Touches the database, in one transaction for each act. Reading changes nothing.
"""
