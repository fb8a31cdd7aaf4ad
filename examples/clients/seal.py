#!/usr/bin/env python3
"""Seals a password for Portcullis, so that only the host can open it, and only for one operation.

    curl -s https://portcullis.example:8440/v1/keys >keys.json
    ./seal.py keys.json --kind reset-password --account alice@corp.example --caller portal

asks for the password and prints the sealed one: one line that begins with "pcs1.". `-` in place of a file is standard
input. The password is read from the terminal, or from --password-file.

Needs Python 3.10 and pyhpke 0.6.5 (`pip install pyhpke==0.6.5`; `./install.sh` puts it into target/toolchains). The HPKE
of the package `cryptography` takes no associated data, which is what binds the password to the operation, so it cannot
be used here.
"""

import argparse
import base64
import getpass
import hashlib
import json
import sys
import time

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, KEMKey

INFO = b"portcullis/sealed-password/v1"
BLOCK = 64
# Which passwords a kind of operation takes.
LABELS = {"reset-password": ["new"], "change-password": ["old", "new"], "verify-password": ["candidate"]}

SUITE = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES256_GCM)


def encode(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def current_key(document: dict | list) -> tuple[str, bytes]:
    """The id and the bytes of the key to seal with, from the answer to `GET /v1/keys`."""
    keys = document["keys"] if isinstance(document, dict) else document
    # The current key is the one that has no end yet.
    key = next((key for key in keys if key["accepted_until"] is None), None)
    if key is None:
        raise ValueError("the list of keys names no current key")
    public = decode(key["key"])
    if hashlib.sha256(public).hexdigest()[:16] != key["id"]:
        raise ValueError("the id of the key is not the one of its bytes")
    return key["id"], public


def associated_data(kind: str, account: str, caller: str, label: str, key: str, expires: int) -> bytes:
    """What the password is bound to. The account is the text of the request, unchanged."""
    for value in (account, caller):
        if not value or any(ord(c) < 32 or 127 <= ord(c) < 160 for c in value):
            raise ValueError("an account or a caller is empty or holds a control character")
    lines = [
        f"kind={kind}",
        f"account={account}",
        f"caller={caller}",
        f"password={label}",
        f"key={key}",
        f"expires={expires}",
    ]
    return "".join(line + "\n" for line in lines).encode()


def pad(password: str) -> bytes:
    """Its length, itself, and zeros up to a multiple of 64 bytes."""
    text = password.encode()
    if not 1 <= len(text) <= 1024:
        raise ValueError("a password has 1 to 1024 bytes")
    padded = len(text).to_bytes(2, "big") + text
    return padded + bytes(-len(padded) % BLOCK)


def seal(document: dict | list, password: str, kind: str, account: str, caller: str, label: str, expires: int) -> str:
    """The sealed password, as the request holds it."""
    key, public = current_key(document)
    recipient = KEMKey.from_pyca_cryptography_key(X25519PublicKey.from_public_bytes(public))
    encapsulated, sender = SUITE.create_sender_context(recipient, info=INFO)
    ciphertext = sender.seal(pad(password), associated_data(kind, account, caller, label, key, expires))
    return f"pcs1.{key}.{expires}.{encode(encapsulated)}.{encode(ciphertext)}"


def read(path: str) -> str:
    if path == "-":
        return sys.stdin.buffer.read().decode()
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def main() -> None:
    parser = argparse.ArgumentParser(description="Seals a password for Portcullis.")
    parser.add_argument("keys", help="the answer to GET /v1/keys: a file, or - for standard input")
    parser.add_argument("--kind", required=True, choices=LABELS)
    parser.add_argument("--account", required=True, help="exactly as the request names it")
    parser.add_argument("--caller", required=True, help="the name by which the host knows you")
    parser.add_argument("--label", choices=["new", "old", "candidate"], help="which password; needed for a change")
    parser.add_argument("--seconds", type=int, default=300, help="how long it may be handed over (300)")
    parser.add_argument("--password-file", metavar="FILE", help="instead of asking; a line break at its end is cut off")
    arguments = parser.parse_args()

    labels = LABELS[arguments.kind]
    label = arguments.label or (labels[0] if len(labels) == 1 else None)
    if label not in labels:
        parser.error(f"--label: a {arguments.kind} takes {' and '.join(labels)}")
    if arguments.keys == arguments.password_file == "-":
        parser.error("only one of the keys and the password comes from standard input")

    try:
        document = json.loads(read(arguments.keys))
        if arguments.password_file:
            password = read(arguments.password_file).removesuffix("\n").removesuffix("\r")
        else:
            password = getpass.getpass("Password: ")
        expires = int(time.time()) + arguments.seconds
        print(seal(document, password, arguments.kind, arguments.account, arguments.caller, label, expires))
    except (OSError, KeyError, TypeError, ValueError) as error:
        sys.exit(f"seal.py: {error}")


if __name__ == "__main__":
    main()
