"""A whole morning at the desk, from the sign-in to a correction: all that an editor does is done in Chromium."""

import functools
import re
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from digest import jobs, notices
from digest.demo.day import EDITOR, Day
from digest.demo.ports import Ports
from digest.services import Services
from digest.web.editor.preview import Scheme, in_scheme
from subscribers.tokens import Claim, Purpose, sign
from tests.browser import needs_chromium
from tests.fakes import FixedClock
from tests.flow.morning import (
    BEN,
    DAWN,
    Morning,
    apart,
    headlines,
    part,
    require_fit,
    saved,
    sign_in,
    story,
)
from tests.flow.publisher import Site

pytestmark = needs_chromium

ADA = "ada@reader.example"
HEADLINE, SUMMARY = "The strait is open again", "Nine years, one long whistle & a pilot who <never> left."
NOTE, INTRO = "We were on the first ferry.", "Good morning. It froze in the night."
SUBJECT, PREHEADER = "Ships in the Kestrel Strait", "A whistle, a prize and a milk float"
FEED = """<rss version="2.0"><channel><title>The Aldmere Post</title><item>
<title>Zitherfish seen off Aldmere pier</title>
<link>{url}/zitherfish</link><pubDate>{date}</pubDate><description>Nobody has an explanation.</description></item>
</channel></rss>"""


@pytest.fixture(scope="module")
def clock() -> FixedClock:
    return FixedClock(DAWN)


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory, clock: FixedClock) -> Iterator[Morning]:
    """Live one Day for all walks; each begins with its database as it was."""
    directory = tmp_path_factory.mktemp("day")
    Ports(0, 0, 0, 0).keep(directory)  # any: other demos may run beside this one
    with Day(directory, clock).open() as day:
        yield apart(Morning, day, clock)


@pytest.fixture
def site(clock: FixedClock) -> Iterator[Site]:
    """Give the site of a paper that the newsletter does not read yet."""
    with Site() as started:
        feed = FEED.format(url=started.url, date=format_datetime(clock.now() - timedelta(hours=1)))
        started.pages["/feed.xml"] = ("application/rss+xml", feed)
        link = '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'
        started.pages["/"] = ("text/html", f"<html><head>{link}</head><body>News</body></html>")
        yield started


def test_a_whole_morning(morning: Morning, browser: Browser, site: Site) -> None:
    morning.begin("dawn")
    with morning.seat(browser) as page:
        add_a_source(page, site)
        prepare(page, morning)
        edit_the_texts(page)
        arrange(page)
        group_and_add(page, morning)
        write_the_words(page)
        go_back_and_forth(page)
        public_id = look_at_the_preview(page)
        mail_a_test(page, morning)
        shown = approve(page, morning, public_id)
        send(page, morning)
        find_it_in_the_archive(page)
        correct(page, morning)

    mail, correction = [each for each in morning.mails_to(ADA) if each["List-Unsubscribe-Post"]][-2:]
    html, text = part(mail, "html"), part(mail, "plain")
    assert mail["Subject"] == SUBJECT
    assert [word for word in (HEADLINE, NOTE, INTRO, "pilot who") if word not in text or word not in html] == []
    assert "Every third lamp post" in text
    assert "The potters who dropped" not in text
    assert in_scheme(masked(html, morning.day.services, public_id), Scheme.LIGHT).rstrip("\n") == shown.rstrip("\n")
    assert "It opened on Sunday, not on Monday" in part(correction, "plain")


def add_a_source(page: Page, site: Site) -> None:
    page.get_by_role("link", name="Sources").click()
    expect(page.locator("h1")).to_contain_text("No source is in trouble")
    page.get_by_role("link", name="Add a source").click()
    page.get_by_label("Address of a site").fill(site.url)
    page.get_by_role("button", name="Look what there is").click()
    page.get_by_role("button", name="Look closer").first.click()
    expect(page.get_by_text("Zitherfish seen off Aldmere pier")).to_be_visible()
    page.get_by_label("Section").select_option("The Daily Lantern: Science")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("status").first).to_contain_text("Added")


def prepare(page: Page, morning: Morning) -> None:
    page.get_by_role("link", name="Today").click()
    page.get_by_role("button", name="Prepare now").click()
    page.wait_for_url(morning.edition)
    expect(page.locator("#draft-page")).to_contain_text("Zitherfish")


def edit_the_texts(page: Page) -> None:
    story(page, "Kestrel Strait").locator("h3").click()
    page.keyboard.type(HEADLINE)
    page.keyboard.press("Enter")
    saved(page, f"to “{HEADLINE}”")
    strait = story(page, HEADLINE)
    strait.locator(".do").get_by_text("Open", exact=True).click()
    strait.get_by_label("Summary").fill(SUMMARY)
    strait.get_by_label("Note to the readers").fill(NOTE)
    strait.get_by_role("button", name="Save the texts").click()
    saved(page, "note of “The strait")
    strait.get_by_role("button", name="Mark as update").click()
    saved(page, "as an update")
    other = strait.locator("input[name=image][value^=http]:not(:checked)").first
    other.check()
    strait.get_by_role("button", name="Use this picture").click()
    saved(page, "chose another picture")
    strait.get_by_role("button", name="Let it lead").first.click()
    saved(page, "lead “The strait")
    expect(story(page, HEADLINE).locator(".meta").first).to_contain_text("Update")


def arrange(page: Page) -> None:
    story(page, "Sixty retired trams").get_by_role("button", name="Pin").click()
    saved(page, "pinned “Sixty")
    assert headlines(page, "mobility")[0].startswith("Sixty retired trams")
    story(page, "The potters who dropped").get_by_role("button", name="Drop").click()
    saved(page, "dropped “The potters")
    page.locator(".bench li", has_text="Islanders vote").get_by_role("button").click()
    saved(page, "placed “Islanders")
    drag(page, "A fungus that hears", "The town that switched off")
    saved(page, "moved “A fungus")
    assert place(page, "science", "A fungus") == place(page, "science", "The town that switched off") - 1
    before = place(page, "culture", "Guilty")
    story(page, "Guilty, says the wolf").focus()
    page.keyboard.press("Shift+ArrowUp")
    saved(page, "moved “Guilty")
    assert place(page, "culture", "Guilty") == before - 1


def place(page: Page, section: str, words: str) -> int:
    """Return at which place of *section* the Story stands whose headline begins with *words*."""
    return [each.startswith(words) for each in headlines(page, section)].index(True)


def drag(page: Page, words: str, over: str) -> None:
    """Drag one Story by its grip to just above another one."""
    moved, other = story(page, words), story(page, over)
    other.scroll_into_view_if_needed()
    grip, goal = moved.locator(".grip").bounding_box(), other.bounding_box()
    assert grip is not None
    assert goal is not None
    page.mouse.move(grip["x"] + 10, grip["y"] + 12)
    page.mouse.down()
    page.mouse.move(grip["x"] + 10, goal["y"] + 40, steps=4)
    page.mouse.move(grip["x"] + 10, goal["y"] + 5, steps=4)
    page.mouse.up()


def group_and_add(page: Page, morning: Morning) -> None:
    dykes = story(page, "floating dykes of Anselm")
    dykes.locator(".do").get_by_text("Open", exact=True).click()
    dykes.get_by_role("button", name="Split off").first.click()
    saved(page, "off “The night the floating dykes")
    bell = story(page, "two villages agree whose bell")
    bell.locator(".do").get_by_text("Open", exact=True).click()
    bell.get_by_label("Same event as").select_option(
        label="A pass that armies could not cross opens to anyone with stout shoes"
    )
    bell.get_by_role("button", name="Merge into it").click()
    saved(page, "merged “After 140 years")
    expect(bell).to_have_count(0)
    page.get_by_role("link", name="Add an item of your own").click()
    form = page.locator("#add")
    form.get_by_label("Address of the page").fill(link_to(morning, "lamp-post-chargers"))
    form.get_by_role("button", name="Fill in from the page").click()
    expect(form.get_by_label("Headline")).to_have_value(re.compile("Every third lamp post"))
    form.get_by_label("Section").select_option("Business")
    form.get_by_role("button", name="Add it to the draft").click()
    saved(page, "added “Every third lamp post")


def link_to(morning: Morning, slug: str) -> str:
    """Return the address of a piece of the sample newspaper."""
    (feed,) = [plan.address for plan in morning.day.site.sources() if "kilowatt-road" in plan.address]
    return feed.rpartition("/")[0] + f"/{slug}"


def write_the_words(page: Page) -> None:
    for label, words in (("Subject", SUBJECT), ("Preheader", PREHEADER), ("Intro", INTRO)):
        page.locator("#words").get_by_label(label).fill(words)
    page.locator("#intro").blur()
    saved(page, "intro")
    page.reload()
    for label, words in (("Subject", SUBJECT), ("Preheader", PREHEADER), ("Intro", INTRO)):
        expect(page.locator("#words").get_by_label(label)).to_have_value(words)


def go_back_and_forth(page: Page) -> None:
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#intro")).to_have_value("")
    page.get_by_role("button", name="Redo").click()
    expect(page.locator("#intro")).to_have_value(INTRO)


def look_at_the_preview(page: Page) -> str:
    """Look at the mail in every way, and return how Ada's Subscription is called."""
    tabs, frame = page.locator("#preview"), page.frame_locator("#preview iframe")
    version = page.locator("#draft-page").get_attribute("data-version")
    expect(page.locator("#preview iframe")).to_have_attribute("src", re.compile(rf"[?&]v={version}\b"))
    for tab in ("Phone", "dark", "Text", "Desktop", "light"):
        tabs.get_by_role("link", name=tab, exact=True).press("Enter")
        expect(tabs.get_by_role("link", name=tab, exact=True)).to_have_attribute("aria-current", "true")
        expect(frame.get_by_text(HEADLINE).first).to_be_visible()
    expect(page.locator("#checks")).to_contain_text("encoded")
    page.locator("#preview summary", has_text="As one reader gets it").click()
    page.get_by_label(re.compile("The reader.s address")).fill(ADA)
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("#checks")).to_contain_text("Ada Winterbourne")
    source = page.locator("#preview iframe").get_attribute("src") or ""
    found = re.search(r"reader=([^&]+)", source)
    assert found is not None
    return found[1]


def mail_a_test(page: Page, morning: Morning) -> None:
    page.locator("#preview summary", has_text="Send a test mail").click()
    expect(page.locator("#preview textarea[name=to]")).to_have_value(EDITOR)
    page.get_by_role("button", name="Send", exact=True).press("Enter")
    expect(page.locator("#preview")).to_contain_text("A test mail is on the way")
    apart(notices.send, morning.day.services)
    test = morning.mails_to(EDITOR)[-1]
    assert test["Subject"] == f"[Test] {SUBJECT}"
    assert HEADLINE in part(test, "plain")


def approve(page: Page, morning: Morning, public_id: str) -> str:
    """Approve the Draft, and return what the preview has shown of the mail to a reader, and goes on showing."""
    address = f"{morning.edition}/preview?reader={public_id}"
    while morning.wants_pictures():
        page.wait_for_timeout(50)
    before = page.request.get(address).text()
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.locator("p.said").first).to_contain_text("Approved")
    expect(page.locator(".head .state")).to_have_text("approved")
    expect(page.locator("#checks .hash code")).to_have_text(re.compile("^[0-9a-f]{64}$"))
    assert page.request.get(address).text() == before
    return before


def send(page: Page, morning: Morning) -> None:
    morning.clock.set(DAWN + timedelta(hours=2))
    apart(jobs.run, "send", morning.day.services)
    expect(page.locator(".head .state")).to_have_text("going out", timeout=15_000)
    expect(page.locator("#progress")).to_contain_text("waiting")
    page.locator("summary", has_text="Send now").click()
    page.get_by_role("button", name=re.compile("Send it to . readers? now")).click()
    expect(page.locator("p.said").first).to_contain_text("It goes out now")
    apart(jobs.run, "send", morning.day.services)
    expect(page.locator(".head .state")).to_have_text("sent", timeout=15_000)
    expect(page.locator("#progress")).not_to_contain_text("waiting")


def find_it_in_the_archive(page: Page) -> None:
    page.get_by_role("link", name="Archive", exact=True).click()
    expect(page.locator(".found")).to_contain_text(SUBJECT)
    page.get_by_label("Words").fill("kestrel ferry")
    page.get_by_role("radio", name="Editions").check()
    page.get_by_role("button", name="Search").click()
    expect(page.locator("h1")).to_have_text("1 edition")
    page.locator(".found").get_by_role("link", name=SUBJECT).click()


def correct(page: Page, morning: Morning) -> None:
    page.get_by_role("link", name="Correct", exact=True).click()
    page.get_by_label("What was wrong").fill("It opened on Sunday, not on Monday.")
    page.get_by_role("group", name=HEADLINE).get_by_label("Headline").fill("The strait has been open since Sunday")
    page.get_by_label("Tell those who got it").check()
    page.get_by_role("button", name="Save the correction").click()
    expect(page.locator("#decide")).to_contain_text("It corrects")
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.locator("p.said").first).to_contain_text("Approved")
    apart(jobs.run, "send", morning.day.services)


def masked(text: str, services: Services, public_id: str) -> str:
    """Return *text* with the tokens of the reader's links made inert, each by as many characters as it has."""
    for purpose in (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES, Purpose.VIEW):
        token = sign(purpose, Claim(public_id), services.keys.tokens)
        text = text.replace(token, "0" * len(token))
    return text


@pytest.mark.parametrize(
    "manner",
    [
        {"java_script_enabled": False},
        {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
        {"color_scheme": "dark"},
    ],
    ids=["without scripts", "phone", "night"],
)
def test_a_morning_in_short(morning: Morning, browser: Browser, manner: dict[str, Any]) -> None:
    morning.begin("drafted")
    with morning.seat(browser, **manner) as page:
        look = functools.partial(require_fit, page, has_scripts=manner.get("java_script_enabled", True))
        for path in ("", "/sources", "/sources/add", "/account", "/archive"):
            page.goto(morning.desk + path)
            look()
        page.goto(morning.edition)
        story(page, "Sixty retired trams").get_by_role("button", name="Pin").click()
        saved(page, "pinned “Sixty")
        look()
        address = story(page, "Kestrel Strait").locator(".do a").last.get_attribute("href") or ""
        page.goto(morning.day.services.links.base_url + address)
        look()
        page.get_by_label("Headline").fill(HEADLINE)
        page.get_by_role("button", name="Save the texts").click()
        expect(page.locator("h1")).to_have_text(HEADLINE)
        for path in ("/add", "/history", "/proof?view=phone", "/checks"):
            page.goto(morning.edition + path)
            look()
        page.goto(morning.edition)
        page.get_by_role("button", name="Approve", exact=True).click()
        expect(page.locator(".head .state")).to_have_text("approved")
        look()
        page.goto(f"{morning.edition}/correct")
        look()
        page.goto(f"{morning.desk}/archive/search?q=strait&in=editions")
        look()
        expect(page.locator(".found")).to_contain_text(HEADLINE)


def test_the_second_of_two_editors_is_told_and_nothing_is_lost(morning: Morning, browser: Browser) -> None:
    morning.begin("drafted")
    with morning.seat(browser) as eve, morning.seat(browser, BEN) as ben:
        for page in (eve, ben):
            page.goto(morning.edition)
        words = "Kestrel Strait opens"
        address = (story(eve, words).locator(".do a").last.get_attribute("href") or "").rpartition("/")[2]
        mine, theirs = eve.locator(f"#story-{address}"), ben.locator(f"#story-{address}")
        mine.locator("h3").click()
        eve.keyboard.type("Eve writes this")
        theirs.locator("h3").click()
        ben.keyboard.type("Ben writes that")
        ben.keyboard.press("Enter")
        saved(ben, "to “Ben writes that”")
        eve.keyboard.press("Enter")
        expect(eve.locator("#notice")).to_contain_text(f"{BEN} was there first")
        expect(eve.locator("#notice")).to_contain_text("Ben writes that")
        expect(eve.locator("#notice textarea[readonly]")).to_have_value("Eve writes this")
        require_fit(eve)
        eve.get_by_role("button", name="Do mine all the same").click()
        saved(eve, "to “Eve writes this”")
        eve.get_by_role("link", name="History").click()

        expect(eve.locator("tbody")).to_contain_text("Ben writes that")
        expect(eve.locator("tbody")).to_contain_text("Eve writes this")


def test_a_sign_in_that_ends_in_mid_edit_keeps_what_was_typed(morning: Morning, browser: Browser) -> None:
    morning.begin("drafted")
    with morning.seat(browser) as page:
        page.goto(morning.edition)
        page.locator("#intro").fill(INTRO)
        morning.clock.advance(timedelta(days=15))
        page.locator("#subject").focus()
        # Only what was typed is shown, not the fields beside it.
        expect(page.locator("#notice textarea[readonly]")).to_have_value(INTRO)
        page.get_by_role("button", name="Sign in and save it").click()
        sign_in(page, EDITOR, morning.day.password)
        page.get_by_role("button", name="Save it now").click()
        saved(page, "rewrote the intro")

        assert page.locator("#intro").input_value() == INTRO


@pytest.mark.parametrize("scripts", [True, False])
def test_a_double_click_approves_and_sends_once(morning: Morning, browser: Browser, scripts: bool) -> None:
    morning.begin("drafted")
    with morning.seat(browser, java_script_enabled=scripts) as page:
        page.goto(morning.edition)
        before = len(morning.mails_to("@"))
        page.get_by_role("button", name="Approve", exact=True).dblclick()
        expect(page.locator(".head .state")).to_have_text("approved")
        expect(page.locator(".fault")).to_have_count(0)
        page.locator("summary", has_text="Send now").click()
        page.get_by_role("button", name=re.compile("Send it to . readers now")).dblclick()
        expect(page.locator("p.said").first).to_contain_text("It goes out now")
        expect(page.locator(".fault")).to_have_count(0)
        # The second press may still be at work when the first has its answer.
        sent = sum(apart(jobs.run, "send", morning.day.services).get("sent", 0) for _ in range(2))

        recipients = [str(mail["To"]) for mail in morning.mails_to("@")[before:]]
        assert len(recipients) == len(set(recipients)) == sent > 0
