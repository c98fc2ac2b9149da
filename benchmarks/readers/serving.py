"""A server of pages, to be asked by another process: ours, the naive way, or one that does nothing."""

import contextlib
import enum
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from benchmarks.send import peers
from digest.clock import SystemClock
from digest.readers.opening import Standing, behind, link_view
from digest.services import Services
from digest.settings import load
from digest.web.app import create_app
from digest.web.forms import PostedAnything
from digest.web.headers import Headers
from digest.web.network import network_of
from digest.web.pages import Pages, pages_of, services_of
from subscribers import unsubscribe
from subscribers.consent import Evidence
from subscribers.tokens import Purpose


class Way(enum.StrEnum):
    """How a leaving is answered."""

    #: As `digest run` does.
    OURS = "ours"
    #: One Session, one transaction and one whole page for each POST.
    NAIVE = "naive"
    #: With 200 at once, and nothing done: what the web server itself can carry.
    BARE = "bare"


def app(way: Way, services: Services) -> ASGIApp:
    """Return the application that answers in that *way*."""
    if way is Way.OURS:
        return create_app(services)
    if way is Way.BARE:
        return Starlette(routes=[Route("/u/{token}", _nothing, methods=["GET", "POST"])])
    naive = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    naive.state.services, naive.state.pages = services, Pages(services)
    naive.add_middleware(Headers)
    naive.post("/u/{token}")(_alone)
    return naive


async def _nothing(_request: Request) -> Response:
    return PlainTextResponse("left\n")


def _alone(
    token: str,
    _fields: PostedAnything,
    network: Annotated[str, Depends(network_of)],
    services: Annotated[Services, Depends(services_of)],
    pages: Annotated[Pages, Depends(pages_of)],
) -> Response:
    with services.session() as session:
        found = behind(services, session, token, Purpose.UNSUBSCRIBE)
        assert found is not None
        evidence = Evidence(wording="Unsubscribe", source="one-click", network_address=network)
        outcome = unsubscribe.one_click(session, found.public_id, evidence, now=services.clock.now())
        view = link_view(services, outcome.subscription, Standing.DONE)
    assert view.newsletter is not None
    return pages.show("public/said.html", title=f"You have left {view.newsletter.title}", text=view.masked_address)


@contextlib.contextmanager
def served(config: Path, way: Way) -> Iterator[int]:
    """Serve in that *way* with *config*, in a process of its own; give the port, once it answers."""
    port = peers.free_port()
    command = [sys.executable, "-m", "benchmarks.readers.serving", way, str(config), str(port)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"the server ended with {process.returncode}")


def main() -> None:
    """Serve in the way, with the config.toml and on the port that the command line names, until stopped."""
    way, config, port = Way(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    services = Services.start(load(config), SystemClock())
    try:
        # As `digest run` has it.
        uvicorn.run(
            app(way, services),
            host="127.0.0.1",
            port=port,
            log_config=None,
            access_log=False,
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
    finally:
        services.close()


if __name__ == "__main__":
    main()
