"""
The demo: a sample newspaper on loopback, its readers, and the local inbox that catches their mail.

Nothing here leaves the machine.
"""
