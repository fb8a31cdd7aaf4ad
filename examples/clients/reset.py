#!/usr/bin/env python3
"""Resets a password through a Portcullis service, with Python's standard library alone.

    ./reset.py alice@corp.example --token-file portal.token < new-password

Ends with 0 if it is done, 1 if it is refused, 2 if nobody knows whether it took effect, 3 if there was no answer that
makes sense. The password comes from standard input, or is asked for on a terminal; it is never an argument.
"""

import argparse
import getpass
import http.client
import json
import os
import socket
import ssl
import sys
import time
import urllib.parse
import uuid

UNDER_WAY = {"waiting", "acting", "in-doubt"}


class UnixConnection(http.client.HTTPConnection):
    """HTTP on a unix socket; the service knows the caller by its uid."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Service:
    """One connection for each request: what is asked here is asked seldom."""

    def __init__(self, arguments):
        self.url = urllib.parse.urlsplit(arguments.url)
        self.socket = arguments.socket
        self.ca = arguments.ca
        self.headers = {"Accept": "application/json, application/problem+json"}
        if arguments.token_file:
            with open(arguments.token_file, encoding="ascii") as file:
                self.headers["Authorization"] = "Bearer " + file.read().strip()

    def connection(self):
        if self.socket:
            return UnixConnection(self.socket, 60)
        if self.url.scheme == "https":
            trust = ssl.create_default_context(cafile=self.ca)
            return http.client.HTTPSConnection(self.url.hostname, self.url.port, timeout=60, context=trust)
        return http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=60)

    def ask(self, method, path, body=None, headers=()):
        """The status, the headers and the document of an answer."""
        connection = self.connection()
        try:
            connection.request(method, path, body, {**self.headers, **dict(headers)})
            answer = connection.getresponse()
            return answer.status, answer.headers, json.loads(answer.read())
        finally:
            connection.close()


def hand_in(service, operation):
    """Hands an operation in. The key makes it safe to repeat a request whose answer was lost."""
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": str(uuid.uuid4()),
        "Prefer": "respond-async",
    }
    body = json.dumps(operation).encode()
    for attempt in range(1, 6):
        wait = attempt
        try:
            status, answered, document = service.ask("POST", "/v1/operations", body, headers)
            if status not in (429, 503):
                return status, answered, document
            wait = int(answered.get("Retry-After", attempt))
        except OSError as error:
            if attempt == 5:
                raise
            print(f"no answer ({error}), once more", file=sys.stderr)
        time.sleep(wait)
    return status, answered, document


def follow(service, place):
    """Asks until the operation has ended; the service holds each question open for a while."""
    while True:
        status, _, document = service.ask("GET", place + "?wait=20")
        if status != 200 or document["state"] not in UNDER_WAY:
            return status, document


def tell(status, document):
    """Says what became of it, and returns the exit code."""
    if "state" not in document:
        # A problem document (RFC 9457).
        print(f"{document['code']}: {document['title']} {document.get('detail', '')}".rstrip(), file=sys.stderr)
        if "operation" in document:
            print(f"operation: {document['operation']}", file=sys.stderr)
        if document["code"] == "outcome-unknown":
            return 2
        return 1 if 400 <= status < 500 else 3
    if document["state"] == "done":
        receipt = document["receipt"]
        print(f"done: {', '.join(receipt['effects'])}")
        if "shortfall" in receipt:
            print(f"not done: {receipt['shortfall']['text']}")
        print(f"operation: {document['id']}")
        return 0
    print(f"{document['state']}: {document['fault']['text']}", file=sys.stderr)
    print(f"operation: {document['id']}", file=sys.stderr)
    return 2 if document["state"] == "unknown" else 1


def main():
    parser = argparse.ArgumentParser(description="Resets a password through a Portcullis service.")
    parser.add_argument("account")
    parser.add_argument("--url", default=os.environ.get("PORTCULLIS_URL", "http://127.0.0.1:8440"))
    parser.add_argument("--token-file", default=os.environ.get("PORTCULLIS_TOKEN_FILE"))
    parser.add_argument("--socket", default=os.environ.get("PORTCULLIS_SOCKET"), help="a unix socket instead of TCP")
    parser.add_argument("--ca", default=os.environ.get("PORTCULLIS_CA"), help="the authority of the service's certificate")
    arguments = parser.parse_args()
    password = getpass.getpass("New password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    operation = {
        "kind": "reset-password",
        "account": arguments.account,
        "new_password": {"clear": password},
        "must_change": True,
    }
    service = Service(arguments)
    try:
        status, headers, document = hand_in(service, operation)
        if status == 202:
            status, document = follow(service, headers["Location"])
        return tell(status, document)
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        print(f"no answer that makes sense: {error!r}", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main())
