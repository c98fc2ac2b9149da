"""One reader by hand: add, end."""

from typing import Annotated

import typer

from digest.cli.output import Json, answer, fail, usage
from digest.cli.subscriber.ground import Consent
from digest.cli.wired import Slug, services
from digest.readers import signing_up
from subscribers import audience, signup, unsubscribe
from subscribers.address import fingerprint, parse
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.model import EndReason

app = typer.Typer()


@app.command()
def add(
    slug: Slug,
    address: str,
    consent: Consent,
    name: str = "",
    sections: Annotated[str, typer.Option(help="Section slugs, a,b,c; all by default.")] = "",
    cadence: Cadence = Cadence.DAILY,
    time_zone: Annotated[str, typer.Option(help="Such as Europe/Berlin; the newsletter's by default.")] = "",
    language: str = "",
    *,
    as_json: Json = False,
) -> None:
    """Add one reader by hand, active at once. You must be able to say how they agreed."""
    with services() as given:
        newsletter = given.newsletter(slug)
        wish = signing_up.SignUp(
            newsletter=slug,
            address=address,
            name=name,
            sections=tuple(part.strip() for part in sections.split(",") if part.strip()) or None,
            cadence=cadence,
            time_zone=time_zone or None,
            language=language or None,
        )
        with given.session() as session:
            outcome = signup.add(
                session,
                signing_up.signup_wish(given, newsletter, wish),
                Evidence(wording=consent, source="digest subscriber add"),
                fingerprint_key=given.keys.fingerprint,
                now=given.clock.now(),
            )
            added, public_id = isinstance(outcome, signup.Begun), outcome.subscription.public_id
    answer(
        {"added": added, "public_id": public_id, "newsletter": slug},
        as_json=as_json,
        text=f"{address} {'now gets' if added else 'already gets'} {newsletter.title}.",
    )


@app.command()
def end(
    slug: Slug,
    address: Annotated[str | None, typer.Argument(help="Whose subscription; or --all.")] = None,
    every: Annotated[bool, typer.Option("--all", help="End those of every reader of the newsletter.")] = False,
    *,
    as_json: Json = False,
) -> None:
    """End a reader's subscription by hand, also for Deliveries already planned; ended ones stay ended."""
    if (address is None) != every:
        usage("give either the address of one reader, or --all")
    ended = 0
    with services() as given, given.session() as session:
        given.newsletter(slug)
        key = given.keys.fingerprint
        mark = None if address is None else fingerprint(parse(address, allow_special=True).key, key)
        for public_id in audience.live_ids(session, slug, mark):
            unsubscribe.one_click(
                session,
                public_id,
                Evidence(wording="ended by the operator", source="digest subscriber end"),
                now=given.clock.now(),
                reason=EndReason.OPERATOR,
            )
            ended += 1
    answer({"ended": ended}, as_json=as_json, text=f"{ended} subscriptions ended.")
    if address is not None and not ended:
        fail(f"{address} has no live subscription to {slug}; `digest subscriber list --newsletter {slug}` shows all")
