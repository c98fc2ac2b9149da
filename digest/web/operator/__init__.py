"""
Operator: how the service itself stands.

Takes   requests of operators who have signed in.
Gives   a page that names what is late or failing, and why.
Touches nothing; it only reads.
"""
