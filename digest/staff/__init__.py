"""
Staff: the editors and operators who may sign in at the desk.

Takes   an e-mail and a password, or the secret of a browser's cookie, and the time.
Gives   an account, a session with its CSRF token, or the reason why not.
Touches the tables of staff, their sessions and failed sign-ins.
"""
