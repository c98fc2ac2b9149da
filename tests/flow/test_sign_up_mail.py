"""From the form to the mail that asks to confirm, and from its link to the first greeting: with a real relay."""

import re

import pytest
from fastapi.testclient import TestClient

from digest import jobs
from digest.demo.inbox import Inbox
from digest.web.app import create_app
from subscribers.address import parse
from tests.conftest import MakeServices
from tests.flow.walk import mails


@pytest.mark.parametrize("address", ["ana@reader.example", "дмитрий@reader.example", "用户@例え.example"])
def test_who_signs_up_is_asked_within_one_tick_and_greeted_after_confirming(
    make_services: MakeServices, sqlite_url: str, inbox: Inbox, address: str
) -> None:
    services = make_services(sqlite_url, smtp_port=inbox.port)
    client = TestClient(create_app(services))
    client.post("/subscribe/morning", data={"address": address, "section": "world"})

    jobs.run("notices", services)
    (asking,) = mails(inbox)
    part = asking.get_body(("plain",))
    assert part is not None
    link = re.search(r"/confirm/[\w.~-]+", part.get_content())
    assert link is not None
    looked = [client.request(method, link[0]).status_code for method in ("GET", "HEAD")]
    jobs.run("notices", services)
    after_looking = len(mails(inbox))
    pressed = client.post(link[0])
    jobs.run("notices", services)

    first = inbox.files()[0].read_bytes()
    assert f"\r\nTo: <{parse(address).text}>\r\n".encode() in first
    assert (looked, after_looking) == ([200, 200], 1)
    assert pressed.status_code == 200
    assert len(mails(inbox)) == 2
