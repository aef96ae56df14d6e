"""Who exported a file: an Ed25519 signature over its digest, checked without a network.

Keys are those of OpenSSH (`ssh-keygen -t ed25519`), or PEM.
"""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import ValidationError

from nnexp.config.arguments import printable
from nnexp.errors import UserError
from nnexp.study.exchange.archive import SIGNATURE
from nnexp.study.exchange.manifest import Model, Name, Text, canonical
from nnexp.study.exchange.results import Results

MOST_BYTES = 20_000
"""Of a key file."""


class Signature(Model):
    """`signature.json`."""

    algorithm: Literal["Ed25519"]
    name: Name
    """Who exported the file, in their own words."""
    public_key: Text
    """One line, as OpenSSH writes it."""
    signature: Text
    """In hexadecimal."""


@dataclass(frozen=True)
class Signer:
    """Who has signed a file."""

    name: str
    key: Ed25519PublicKey

    def __str__(self) -> str:
        return f"{self.name or 'nobody named'}, key {key_digest(self.key)}"


def signed(digest: str, key: Ed25519PrivateKey, name: str) -> bytes:
    """The content of `signature.json` for a file of a digest."""
    if "\n" in name or not name.isprintable():
        raise UserError(f"--signed-by {name!r}: allowed: a name on one line")
    public, signature = sign(key, _message(digest, name))
    made = Signature(algorithm="Ed25519", name=name, public_key=public, signature=signature)
    return canonical(made.model_dump(mode="json"))


def sign(key: Ed25519PrivateKey, message: bytes) -> tuple[str, str]:
    """The public key as OpenSSH writes it, and the signature in hexadecimal."""
    return _line(key.public_key()), key.sign(message).hex()


def signing_key(public: str, signature: str, message: bytes) -> Ed25519PublicKey:
    """The key that a message is signed with.

    Raises:
        InvalidSignature: the signature is of something else.
        ValueError: key or signature are damaged.
    """
    try:
        key = _ed25519(serialization.load_ssh_public_key(public.encode()))
        key.verify(bytes.fromhex(signature), message)
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from error
    return key


def signer_of(results: Results) -> Signer | None:
    """Who has signed a file; None if nobody has.

    Raises:
        UserError: what it holds is no signature of this file.
    """
    if SIGNATURE not in results.archive:
        return None
    try:
        found = Signature.model_validate_json(results.archive.read(SIGNATURE))
        message = _message(results.digest, found.name)
        key = signing_key(found.public_key, found.signature, message)
    except InvalidSignature as error:
        raise UserError(
            f"{results.shown}: its signature is not of what it holds: it was changed after it was "
            "signed"
        ) from error
    except (ValidationError, ValueError) as error:
        raise UserError(f"{results.shown}: its {SIGNATURE} is damaged") from error
    return Signer(printable(found.name), key)


def signature_problem(results: Results, expected: Ed25519PublicKey | None) -> str:
    """Why a file is not signed as it should be; empty if it is. None expects no one in particular.

    A signature that is there must be right whoever is expected.
    """
    try:
        signer = signer_of(results)
    except UserError as error:
        return str(error).removeprefix(f"{results.shown}: ")
    if expected is None:
        return ""
    if signer is None:
        return f"it is not signed; expected: key {key_digest(expected)}"
    if signer.key != expected:
        return f"it is signed by {signer}; expected: key {key_digest(expected)}"
    return ""


def read_private(path: Path) -> Ed25519PrivateKey:
    """A private key without a passphrase, in OpenSSH's form or PEM.

    Raises:
        UserError: the file holds none.
    """
    content = _content("--sign", path)
    try:
        load = (
            serialization.load_ssh_private_key
            if b"OPENSSH" in content
            else serialization.load_pem_private_key
        )
        key = load(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UserError(f"--sign {path}: no key that can be read without a passphrase") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UserError(f"--sign {path}: allowed: an Ed25519 key (ssh-keygen -t ed25519)")
    return key


def read_public(path: Path) -> Ed25519PublicKey:
    """A public key, in OpenSSH's form or PEM.

    Raises:
        UserError: the file holds none.
    """
    content = _content("--signer", path)
    try:
        load = (
            serialization.load_pem_public_key
            if content.startswith(b"-----")
            else serialization.load_ssh_public_key
        )
        return _ed25519(load(content))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UserError(
            f"--signer {path}: allowed: the public half of an Ed25519 key (FILE.pub)"
        ) from error


def make_key(path: Path) -> Ed25519PublicKey:
    """Write a new key for the eyes of its owner only, and its public half beside it.

    Raises:
        UserError: there is such a file already, or none can be written.
    """
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    public, beside = (_line(key.public_key()) + "\n").encode(), path.with_name(f"{path.name}.pub")
    try:
        for place, content, mode in ((path, private, 0o600), (beside, public, 0o644)):
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
    except OSError as error:
        raise UserError(
            f"--make-key {path}: cannot be written ({error.strerror or error}); allowed: a new file"
        ) from error
    return key.public_key()


def key_digest(key: Ed25519PublicKey) -> str:
    """What a public key is known by, as `ssh-keygen -l` shows it."""
    raw = base64.b64decode(_line(key).split()[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")


def _message(digest: str, name: str) -> bytes:
    return f"nnexp results\n{digest}\n{name}\n".encode()


def _line(key: Ed25519PublicKey) -> str:
    return key.public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    ).decode()


def _ed25519(key: object) -> Ed25519PublicKey:
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("another kind of key")
    return key


def _content(option: str, path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES)
    except OSError as error:
        raise UserError(
            f"{option} {path}: {error.strerror or error}; allowed: a file with a key"
        ) from error
