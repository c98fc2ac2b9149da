"""The audit trail: who did what at the desk, the newest first."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from digest.store import audit
from digest.web.door import Operator
from digest.web.pages import READ, Templates, Wired

router = APIRouter()
PAGE = 100


@router.api_route("/desk/staff/audit", methods=READ)
def trail(
    staff: Operator,
    services: Wired,
    pages: Templates,
    # No database keeps a NUL.
    by: Annotated[str, Query(pattern="^[^\x00]*$")] = "",
    before: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
) -> Response:
    """Show a hundred entries: of everybody or of one person, older than the entry *before*."""
    person = by.strip().casefold()[:320]
    with services.reading() as session:
        entries = audit.recent(session, by=person, before=before, limit=PAGE + 1)
        return pages.show(
            "operator/audit.html",
            staff=staff,
            here="staff",
            by=person,
            before=before,
            people=audit.people(session),
            entries=entries[:PAGE],
            has_older=len(entries) > PAGE,
        )
