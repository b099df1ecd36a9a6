#!/usr/bin/env python3
"""reference.py POCKETBASE SAMPLES: holds the samples of this folder against the real server.

A provider on loopback answers as a sample says; the real server signs in with it. What it made of the profile and what
it asked the provider must be what the sample wants, and so must the list of providers and the addresses to begin at
(tests/oauth/addresses.txt). A sample that says `ours` in it is passed over: the real server cannot be asked.

With --write the file of addresses is written anew.
"""

import http.server
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

WAIT_S = 20


class Provider:
    """Answers by path, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[dict[str, Any]] = []
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                provider.asked.append({"line": f"{self.command} {self.path}", "headers": dict(self.headers), "body": body})
                answer = provider.answers.get(self.path.split("?")[0], {"status": 404, "body": "none"})
                if isinstance(answer, list) and answer and isinstance(answer[0], dict) and "turn" in answer[0]:
                    answer = answer.pop(0)["turn"] if len(answer) > 1 else answer[0]["turn"]
                if not (isinstance(answer, dict) and "body" in answer):
                    answer = {"body": answer}
                text = answer["body"] if isinstance(answer["body"], str) else json.dumps(answer["body"])
                self.send_response(answer.get("status", 200))
                self.send_header("Content-Type", answer.get("type", "application/json"))
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_POST = answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Real:
    """The real server in a directory of its own."""

    def __init__(self, binary: str, directory: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        login = ["a@example.com", "1234567890"]
        subprocess.run([binary, "superuser", "upsert", *login, "--dir", directory], check=True, stdout=subprocess.DEVNULL,
                       timeout=WAIT_S)
        self.process = subprocess.Popen([binary, "serve", "--dir", directory, "--http", f"127.0.0.1:{port}",
                                         "--migrationsDir", os.path.join(directory, "migrations")],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        self.url = f"http://127.0.0.1:{port}/api"
        self.token = ""
        end = time.monotonic() + WAIT_S
        while True:
            try:
                status, answer = self.call("POST", "/collections/_superusers/auth-with-password",
                                           {"identity": login[0], "password": login[1]})
                break
            except urllib.error.URLError:
                if time.monotonic() > end:
                    raise SystemExit(f"the real server does not answer within {WAIT_S} s")
                time.sleep(0.05)
        assert status == 200, answer
        self.token = answer["token"]
        status, answer = self.call("POST", "/collections", {
            "name": "people", "type": "auth", "createRule": "",
            "oauth2": {"enabled": True, "providers": [], "mappedFields": {"id": "", "name": "", "username": "", "avatarURL": ""}}})
        assert status == 200, answer

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        if self.token and "auth-with-oauth2" not in path:
            request.add_header("Authorization", self.token)
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S * 2) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read() or b"null")

    def configure(self, providers: list[dict[str, Any]]) -> None:
        """What is stored of a provider would be kept where nothing is sent, so the list is emptied first."""
        for wanted in ([], providers):
            status, answer = self.call("PATCH", "/collections/people", {"oauth2": {"enabled": True, "providers": wanted}})
            assert status == 200, answer
