"""
Render: make the page.

Takes   a Draft, its Newsletter, the time of freezing, and the folders of templates.
Gives   a RenderedDigest: compiled pieces that are joined for each reader; or one Notice as HTML and text.
Touches nothing but the templates it reads. The same input gives the same bytes, always.
"""

from digest.render.stage import render

__all__ = ["render"]
