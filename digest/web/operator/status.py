"""The status page: Editions with their accounts, Sources with their faults, mails that wait, runs of jobs."""

from fastapi import APIRouter
from starlette.responses import Response

from digest.desk import listing
from digest.store import job_runs, notices, sources
from digest.web.door import Operator
from digest.web.pages import READ, Templates, Wired

router = APIRouter()


@router.api_route("/desk/status", methods=READ)
def status(staff: Operator, services: Wired, pages: Templates) -> Response:
    """Show how everything stands."""
    newsletters = services.settings.newsletters
    editions = [row for newsletter in newsletters for row in listing.recent(services, newsletter.slug)]
    with services.reading() as session:
        complete = [sources.complete(session, newsletter) for newsletter in newsletters]
        names = {plan.address: plan.name for newsletter in complete for plan in newsletter.sources}
        return pages.show(
            "operator/status.html",
            staff=staff,
            here="status",
            now=services.clock.now(),
            editions=editions,
            names=names,
            sources=sources.listing(session, names),
            waiting=notices.waiting(session),
            runs=job_runs.recent(session),
        )
