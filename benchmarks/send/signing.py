"""One signature per mail: what it takes beside dkimpy, and what of it is our own work besides RSA and SHA-256."""

import hashlib
import os
from datetime import UTC, datetime

import dkim as dkimpy
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmarks.program import Arguments, Floor, Program, Report, Table, ratio
from benchmarks.render.timing import medians
from digest.deliver.dkim import SIGNED, Signers, body_hash, relaxed
from digest.deliver.dkim_keys import make_ed25519, make_rsa

DOMAIN, AT = "news.example.org", datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
BODY = b"a line of quoted-printable text that is as long as these lines usually are=\r\n" * 780
PARTS = [BODY[at : at + 550] for at in range(0, len(BODY), 550)]
VALUES = {
    "from": "Example Daily <daily@news.example.org>",
    "to": "=?utf-8?b?QW5hIFDDqXJleg==?= <ana@mail.example>",
    "content-type": 'multipart/alternative;\r\n boundary="=_0123456789abcdef0123456789abcdef"',
    "list-unsubscribe": f"<https://news.example.org/u/{'t' * 57}>",
}
OURS, PAIR, PEER = "RSA-2048, body in parts", "the same and Ed25519", "RSA-2048 by dkimpy"
RAW, HASH, RELAXED = "RSA alone", "SHA-256 alone", "four headers relaxed"
MANY, FEW = 1500, 60


def measure(arguments: Arguments) -> Report:
    """Sign a mail of 60 KB in each way."""
    rsa, ed25519 = make_rsa(), make_ed25519()
    lines = [f"{name.title()}: {VALUES.get(name, 'a value as long as most')}" for name in SIGNED]
    headers = [(name, relaxed(line)) for name, line in zip(SIGNED, lines, strict=True)]
    one = Signers.of(DOMAIN, [("d202611", rsa)])
    two = Signers.of(DOMAIN, [("d202611", rsa), ("e202611", ed25519)])
    pem = rsa.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    message = ("\r\n".join(lines) + "\r\n\r\n").encode() + BODY
    some = os.urandom(1500)
    taken = medians(
        {
            OURS: lambda: one.sign_all(headers, PARTS, at=AT),
            PAIR: lambda: two.sign_all(headers, PARTS, at=AT),
            RAW: lambda: rsa.sign(some, PKCS1v15(), SHA256()),
            HASH: lambda: hashlib.sha256(BODY).digest(),
            "SHA-256 of the parts": lambda: body_hash(PARTS),
            RELAXED: lambda: [relaxed(line) for line in lines[:4]],
        },
        MANY * arguments.runs // 3,
    )
    taken |= medians(
        {
            PEER: lambda: dkimpy.sign(
                message,
                b"d202611",
                DOMAIN.encode(),
                pem,
                canonicalize=(b"relaxed", b"relaxed"),
                include_headers=[*SIGNED],
            )
        },
        FEW,
    )
    own = taken[OURS] - taken[RAW] - taken[HASH]
    return Report(
        tables=[
            Table(
                title="One signature",
                columns={"way": "", "µs": ",.1f", "times ours": ",.2f"},
                rows=[[way, 1e6 * seconds, ratio(seconds, taken[OURS])] for way, seconds in taken.items()],
                note=f"A body of {len(BODY):,} bytes in {len(PARTS)} parts, {len(SIGNED)} headers, From twice.",
            )
        ],
        floors=[
            Floor(claim="a signature, µs", value=1e6 * taken[OURS], bound=300, at_most=True, spec=".0f"),
            Floor(claim="of it our own, µs", value=1e6 * own, bound=15, at_most=True, spec=".1f"),
            Floor(
                claim="a second one, µs", value=1e6 * (taken[PAIR] - taken[OURS]), bound=40, at_most=True, spec=".0f"
            ),
        ],
    )


if __name__ == "__main__":
    Program(
        name="signing",
        about=__doc__ or "",
        measure=measure,
        peers=("cryptography", "dkimpy"),
        topic="send",
        makes_its_data=True,
    ).run()
