"""Identifiers with types, so that an edition's number is never taken for a subscriber's."""

from typing import NewType

SourceId = NewType("SourceId", int)
ArticleId = NewType("ArticleId", int)
EditionId = NewType("EditionId", int)
SubscriberId = NewType("SubscriberId", int)
NoticeId = NewType("NoticeId", int)
StaffId = NewType("StaffId", int)
