"""The application: every page of the service, put together for one set of Services."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from digest import resources
from digest.desk.progress import Watch
from digest.readers.way_out import WayOut
from digest.services import Services
from digest.web import faults, health
from digest.web.below import Below
from digest.web.editor import (
    account,
    by_link,
    correcting,
    desk,
    editing,
    edition,
    progress,
    proofs,
    releasing,
    second_factor,
    sign_in,
    source_adding,
    source_exchange,
    sources,
    story,
)
from digest.web.editor import archive as desk_archive
from digest.web.headers import Headers
from digest.web.limits import Limits, Strays
from digest.web.operator import audit, staff, status
from digest.web.packed import Packed
from digest.web.pages import Pages
from digest.web.public import about, archive, brand, confirm, feed, hooks, leave, own, pictures, preferences, subscribe
from digest.webhooks import Hooks


def create_app(services: Services, *, since_last_tick: Callable[[], timedelta] | None = None) -> FastAPI:
    """
    Return the ASGI application that shows the pages and calls the acts of *services*.

    *since_last_tick* tells how long the scheduler of this process has been silent; None where it has no scheduler.
    """
    # The pages with the API's description would load scripts from elsewhere; a redirect would break one-click leaving.
    app = FastAPI(title=services.links.host, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.services = services
    app.state.since_last_tick = since_last_tick
    app.state.pages = Pages(services)
    app.state.limits = Limits()
    app.state.hooks = Hooks()
    app.state.gallery = progress.Gallery(Watch(services))
    app.state.way_out = WayOut(services)
    # Each goes round those before it: what holds for an answer holds for a refused one as well.
    app.add_middleware(Strays)
    app.add_middleware(Packed)
    app.add_middleware(Headers)
    if base := urlsplit(services.settings.base_url).path:
        app.add_middleware(Below, base=base)
    faults.install(app)
    sign_in.install(app)
    # The feed before the archive, whose months lie at the same depth.
    public = (about, brand, subscribe, confirm, leave, preferences, own, feed, archive, pictures, hooks)
    at_the_door = (sign_in, by_link, account, second_factor)
    drafts = (desk, proofs, editing, story, edition, releasing, progress, correcting)
    # The pages that add sources before those of one, whose address is a number.
    beside = (desk_archive, source_adding, source_exchange, sources)
    for part in (*public, *at_the_door, *drafts, *beside, status, staff, audit, health):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=resources.templates() / "web" / "static"))
    return app
