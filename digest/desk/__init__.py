"""
Desk: the acts of editors, which the pages, the commands and the demonstration all call.

Takes   Services, who acts, and what is asked for.
Gives   what there is to see of an Edition, and what an act has come to.
Touches the database through ``store``; each act opens its own transaction.
"""
