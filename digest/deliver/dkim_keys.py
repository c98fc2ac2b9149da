"""The keys of DKIM: made, read from their files, and their public part as it stands in DNS."""

import base64
import binascii
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)

from digest.deliver.dkim import PrivateKey, Signers
from digest.errors import DigestError
from digest.model.dkim import DkimKey, KeyFile, KeyKind, covers

PublicKey = RSAPublicKey | Ed25519PublicKey

#: RFC 8301 §3.2: signers must use 1024 bits and should use 2048. More do not fit one string in DNS and sign slowly.
LEAST_BITS = 1024
GOOD_BITS = 2048
#: Longer files are none of keys.
_LARGEST_FILE = 64 * 1024
#: RFC 1035 §3.3: a string in DNS.
_LONGEST_STRING = 255
_NAMES = {KeyKind.RSA: "RSA", KeyKind.ED25519: "Ed25519"}


class UnusableKey(DigestError):
    """A key cannot sign; the message names the file, the fact and the remedy, and nothing of the key."""


class Signing:
    """The signers of an installation, by domain."""

    def __init__(self, signers: Iterable[Signers] = ()) -> None:
        # The longest first: the nearest domain signs.
        self._signers = sorted(signers, key=lambda one: -len(one.domain))

    def signer_for(self, domain: str) -> Signers | None:
        """Return who signs mail whose From is at *domain*: its own key, else one of a domain above; None: the relay."""
        return next((signers for signers in self._signers if covers(signers.domain, domain)), None)


def open_signing(keys: Iterable[DkimKey]) -> tuple[Signing, list[str]]:
    """Return who signs with *keys*, and a sentence for each of them that cannot be used."""
    signers, faults = [], []
    for key in keys:
        loaded = []
        for file in key.files:
            try:
                loaded.append((file.selector, load(file)))
            except UnusableKey as fault:
                faults.append(f"[dkim] {key.domain}: {fault}")
        signers.append(Signers.of(key.domain, loaded))
    return Signing(signers), faults


def load(file: KeyFile) -> PrivateKey:
    """Return the key (PEM: PKCS#8, or PKCS#1 of old) in *file*; UnusableKey when none of its kind is there."""
    path, kind = file.path, _NAMES[file.kind]
    remedy = f"make one with `digest dkim new DOMAIN{' --ed25519' if file.kind is KeyKind.ED25519 else ''}`"
    try:
        with path.open("rb") as opened:
            text = opened.read(_LARGEST_FILE)
    except OSError as fault:
        raise UnusableKey(f"{path} cannot be read: {fault.strerror}; check the path and its permissions") from None
    try:
        key = load_pem_private_key(text, password=None)
    except TypeError:
        raise UnusableKey(f"{path} is encrypted with a password; keep the key without one, or {remedy}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableKey(f"{path} holds no private key in PEM; {remedy}") from None
    if not isinstance(key, (RSAPrivateKey, Ed25519PrivateKey)) or kind_of(key) is not file.kind:
        raise UnusableKey(f"{path} holds a key of another kind than {kind}; {remedy}")
    if isinstance(key, RSAPrivateKey) and key.key_size < LEAST_BITS:
        raise UnusableKey(f"{path} holds an RSA key of {key.key_size} bits, which receivers do not accept; {remedy}")
    return key


def remarks(key: DkimKey) -> Iterator[str]:
    """Give a sentence for whatever about the files of *key* works and should not stay so."""
    for file in key.files:
        path = file.path
        try:
            if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                yield f"{path} may be read by others than its owner; run `chmod 600 {path}`"
            loaded = load(file)
        except (OSError, UnusableKey):
            continue
        if isinstance(loaded, RSAPrivateKey) and loaded.key_size < GOOD_BITS:
            yield (
                f"{path} holds an RSA key of {loaded.key_size} bits; receivers ask for {GOOD_BITS}, so make another "
                f"with `digest dkim new {key.domain}` and take it in place of {file.selector}"
            )


def kind_of(key: PrivateKey) -> KeyKind:
    """Return what *key* is."""
    return KeyKind.RSA if isinstance(key, RSAPrivateKey) else KeyKind.ED25519


def make_rsa() -> RSAPrivateKey:
    """Return a new RSA key of 2048 bits."""
    return generate_private_key(public_exponent=65537, key_size=GOOD_BITS)


def make_ed25519() -> Ed25519PrivateKey:
    """Return a new Ed25519 key."""
    return Ed25519PrivateKey.generate()


def write(key: PrivateKey, path: Path) -> None:
    """Write *key* to the new file *path*, for its owner alone; FileExistsError when there is one."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)


def record(key: PrivateKey | PublicKey) -> str:
    """Return the TXT value that publishes *key*: RFC 6376 §3.6.1, RFC 8463 §4.2."""
    public = key.public_key() if isinstance(key, (RSAPrivateKey, Ed25519PrivateKey)) else key
    if isinstance(public, RSAPublicKey):
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"
    return f"v=DKIM1; k=ed25519; p={base64.b64encode(public.public_bytes_raw()).decode()}"


def read_public(kind: str, text: str) -> PublicKey | None:
    """Return the key behind ``k=`` *kind* and ``p=`` *text* of a record in DNS, None when it is no key."""
    try:
        raw = base64.b64decode("".join(text.split()), validate=True)
        key = Ed25519PublicKey.from_public_bytes(raw) if kind == "ed25519" else load_der_public_key(raw)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, (RSAPublicKey, Ed25519PublicKey)) else None


def zone_line(name: str, value: str) -> str:
    """Return a TXT record as a line of a zone file, *value* in strings of at most 255 bytes (RFC 6376 §3.6.2.2)."""
    strings = (value[i : i + _LONGEST_STRING] for i in range(0, len(value), _LONGEST_STRING))
    return f"{name}. IN TXT " + " ".join(
        '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"')) for text in strings
    )
