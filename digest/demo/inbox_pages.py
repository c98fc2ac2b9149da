"""A web page for the local inbox: the list of mails, and each as a mail program would show it."""

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from digest import resources
from digest.demo.inbox import Inbox, OpenedMail

#: A mail is a stranger's page: no script, nothing but its pictures and its own styles.
MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src http: https: data:; "
    "style-src 'unsafe-inline'; frame-ancestors 'self'"
)
PAGE_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'"


def inbox_app(inbox: Inbox) -> Starlette:
    """Return the ASGI application that shows what lies in *inbox*."""
    web = resources.templates() / "web"
    pages = Environment(
        loader=FileSystemLoader(web / "inbox"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def show(template: str, **values: object) -> Response:
        text = pages.get_template(template).render(values)
        return HTMLResponse(text, headers={"Content-Security-Policy": PAGE_POLICY})

    def opened(request: Request) -> OpenedMail:
        try:
            return inbox.open(request.path_params["name"])
        except FileNotFoundError:
            raise HTTPException(404, "There is no such mail here.") from None

    def listing(_request: Request) -> Response:
        return show("list.html", mails=inbox.messages())

    def mail(request: Request) -> Response:
        width = 375 if request.query_params.get("width") == "phone" else 660
        return show("mail.html", opened=opened(request), width=width)

    def body(request: Request) -> Response:
        return HTMLResponse(opened(request).html, headers={"Content-Security-Policy": MAIL_POLICY})

    def source(request: Request) -> Response:
        opened(request)
        return PlainTextResponse(inbox.read(request.path_params["name"]))

    return Starlette(
        routes=[
            Route("/", listing),
            Route("/mail/{name}", mail),
            Route("/mail/{name}/html", body),
            Route("/mail/{name}/source", source),
            Mount("/static", StaticFiles(directory=web / "static")),
        ]
    )
