"""The keys of DKIM: read with faults that help, made for their owner alone, published as receivers read them."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as make_ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from digest.deliver import dkim_keys
from digest.deliver.dkim_keys import UnusableKey, load, make_ed25519, make_rsa, open_signing
from digest.model.dkim import DkimKey, KeyFile, KeyKind

RSA, ED25519 = make_rsa(), make_ed25519()


def rsa_of(bits: int) -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=bits)


def rsa_file(folder: Path) -> KeyFile:
    return KeyFile("d202611", KeyKind.RSA, folder / "key.pem")


def pem(
    key: RSAPrivateKey,
    form: PrivateFormat = PrivateFormat.PKCS8,
    *,
    password: bytes = b"",
    encoding: Encoding = Encoding.PEM,
) -> bytes:
    return key.private_bytes(encoding, form, BestAvailableEncryption(password) if password else NoEncryption())


def dkim_key(folder: Path, domain: str = "news.example.org", name: str = "rsa.pem", **traits: object) -> DkimKey:
    path = folder / name
    if not path.exists():
        dkim_keys.write(RSA, path)
    return DkimKey(**{"domain": domain, "selector": "d202611", "key_file": path, **traits})  # type: ignore[arg-type]  # a test names real traits


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_keys_of_both_pem_forms_are_read(tmp_path: Path, form: PrivateFormat) -> None:
    (tmp_path / "key.pem").write_bytes(pem(RSA, form))

    loaded = load(rsa_file(tmp_path))

    assert dkim_keys.record(loaded) == dkim_keys.record(RSA)


def test_a_key_that_was_written_can_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    for key, kind in ((RSA, KeyKind.RSA), (ED25519, KeyKind.ED25519)):
        path = tmp_path / f"{kind}.pem"
        dkim_keys.write(key, path)

        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert dkim_keys.record(load(KeyFile("s", kind, path))) == dkim_keys.record(key)
        with pytest.raises(FileExistsError):
            dkim_keys.write(key, path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no private key in PEM; make one with `digest dkim new DOMAIN`"),
        (b"-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n", "holds no private key in PEM"),
        (pem(RSA, encoding=Encoding.DER), "holds no private key in PEM"),
        (pem(RSA, password=b"secret"), "is encrypted with a password"),
        (pem(rsa_of(1024)).replace(b"A", b"B"), "holds no private key in PEM"),
        (ED25519.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "of another kind than RSA"),
        (
            make_ec(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            "of another kind than RSA",
        ),
    ],
)
def test_a_file_that_cannot_sign_is_told_with_a_remedy(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "key.pem").write_bytes(content)

    with pytest.raises(UnusableKey, match=words) as caught:
        load(rsa_file(tmp_path))

    assert str(caught.value).startswith(str(tmp_path / "key.pem"))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnusableKey, match="cannot be read: No such file or directory; check the path"):
        load(rsa_file(tmp_path))


def test_a_key_that_is_too_short_for_receivers_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key.pem").write_bytes(pem(rsa_of(1024)))

    load(rsa_file(tmp_path))
    monkeypatch.setattr(dkim_keys, "LEAST_BITS", 1025)  # shorter ones cannot be made any more
    with pytest.raises(UnusableKey, match="an RSA key of 1024 bits, which receivers do not accept"):
        load(rsa_file(tmp_path))


def test_what_works_and_should_not_stay_so_is_remarked(tmp_path: Path) -> None:
    (tmp_path / "short.pem").write_bytes(pem(rsa_of(1024)))
    (tmp_path / "short.pem").chmod(0o640)

    found = list(dkim_keys.remarks(dkim_key(tmp_path, name="short.pem")))

    assert len(found) == 2
    assert f"run `chmod 600 {tmp_path}/short.pem`" in found[0]
    assert "1024 bits; receivers ask for 2048" in found[1]
    assert list(dkim_keys.remarks(dkim_key(tmp_path))) == []
    assert list(dkim_keys.remarks(DkimKey(domain="a.example", selector="s", key_file=tmp_path / "none"))) == []


def test_all_keys_that_cannot_sign_are_told_at_once(tmp_path: Path) -> None:
    dkim_keys.write(ED25519, tmp_path / "ed.pem")
    keys = [
        dkim_key(tmp_path, "a.example", key_file=tmp_path / "none"),
        dkim_key(tmp_path, "b.example", ed25519_selector="e", ed25519_key_file=tmp_path / "rsa.pem"),
        dkim_key(tmp_path, "c.example", ed25519_selector="e", ed25519_key_file=tmp_path / "ed.pem"),
    ]

    signing, faults = open_signing(keys)

    assert [fault.split(":")[0] for fault in faults] == ["[dkim] a.example", "[dkim] b.example"]
    assert "--ed25519" in faults[1]
    found = signing.signer_for("c.example")
    assert found is not None
    assert [signer.algorithm for signer in found.signers] == ["rsa-sha256", "ed25519-sha256"]


@pytest.mark.parametrize(
    ("sender", "signs"),
    [
        ("example.org", "example.org"),
        ("Example.ORG", "example.org"),
        ("mail.example.org", "example.org"),
        ("news.example.org", "news.example.org"),
        ("a.b.news.example.org", "news.example.org"),
        ("badexample.org", None),
        ("org", None),
        ("", None),
    ],
)
def test_the_nearest_domain_signs(tmp_path: Path, sender: str, signs: str | None) -> None:
    signing, _ = open_signing([dkim_key(tmp_path, "example.org"), dkim_key(tmp_path, "news.example.org")])

    found = signing.signer_for(sender)

    assert (found.domain if found else None) == signs


def test_a_published_key_is_read_back() -> None:
    for key in (RSA, ED25519):
        tags = dict(tag.split("=", 1) for tag in dkim_keys.record(key).split("; "))

        public = dkim_keys.read_public(tags["k"], tags["p"])

        assert public is not None
        assert dkim_keys.record(public) == dkim_keys.record(key)


@pytest.mark.parametrize(("kind", "text"), [("rsa", ""), ("rsa", "not base64"), ("rsa", "AAAA"), ("ed25519", "AAAA")])
def test_what_is_no_published_key_is_none(kind: str, text: str) -> None:
    assert dkim_keys.read_public(kind, text) is None


def test_a_record_for_a_zone_file_has_strings_of_at_most_255_bytes() -> None:
    line = dkim_keys.zone_line("d202611._domainkey.example.org", dkim_keys.record(RSA))

    head, *strings = line.replace('" "', '"\n"').replace(' "', '\n"', 1).split("\n")
    assert head == "d202611._domainkey.example.org. IN TXT"
    assert max(len(text) for text in strings) <= 257
    assert "".join(text.strip('"') for text in strings) == dkim_keys.record(RSA)
    assert dkim_keys.zone_line("a", 'say "\\"') == 'a. IN TXT "say \\"\\\\\\""'
