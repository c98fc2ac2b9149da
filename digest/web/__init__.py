"""
Web: the pages of readers, editors and operators.

Takes   HTTP requests, and the Services.
Gives   pages that work without a script. It calls the acts of ``readers``, ``desk`` and ``staff``.
Touches nothing by itself: no SQL, no templates of mails, no clock but that of the Services.
"""
