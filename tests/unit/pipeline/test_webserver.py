"""Who may give orders to the UI: its own pages, and programs that are no browsers."""

from __future__ import annotations

import pytest

from orchestration.pipeline.webserver import refusal

OFFICE = "https://ledgergate.example.gov.cn"
JSON = {"content-type": "application/json"}
LOCAL = {"host": "127.0.0.1:3000"}
BEHIND = {"host": "ledgergate.example.gov.cn"}


@pytest.mark.parametrize(("method", "path", "headers"), [
    ("POST", "/graphql", {**LOCAL, **JSON}),  # curl, Dagster's own client
    ("POST", "/graphql", {**LOCAL, **JSON, "origin": "http://127.0.0.1:3000", "sec-fetch-site": "same-origin"}),
    ("POST", "/operator/graphql", {**BEHIND, **JSON, "origin": OFFICE, "sec-fetch-site": "same-origin"}),
    ("WEBSOCKET", "/graphql", {**LOCAL, "origin": "http://127.0.0.1:3000"}),
    ("GET", "/runs/1", {**BEHIND, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}),  # a link in a mail
    ("GET", "/overview", {"host": "localhost:3000", "sec-fetch-site": "none", "sec-fetch-mode": "navigate"}),
    ("GET", "/server_info", {"host": "[::1]:3000"}),
])  # fmt: skip
def test_own_pages_links_and_programs_are_answered(method: str, path: str, headers: dict[str, str]) -> None:
    assert refusal(OFFICE, method, path, headers) == ""


@pytest.mark.parametrize(("why", "method", "path", "headers"), [
    ("Host", "POST", "/graphql", {"host": "evil.example:3000", **JSON}),  # a name that was made to lead here
    ("Host", "GET", "/", {}),
    ("Origin", "POST", "/graphql", {**LOCAL, **JSON, "origin": "https://evil.example"}),
    ("Origin", "POST", "/graphql", {**LOCAL, **JSON, "origin": "null"}),
    ("Origin", "POST", "/graphql", {**LOCAL, **JSON, "origin": "http://127.0.0.1:8080"}),  # of another program
    ("Origin", "POST", "/operator/graphql", {**BEHIND, **JSON, "origin": "https://evil.example"}),
    ("Origin", "WEBSOCKET", "/graphql", {**LOCAL, "origin": "https://evil.example"}),
    ("Sec-Fetch-Site", "POST", "/graphql", {**LOCAL, **JSON, "sec-fetch-site": "cross-site"}),
    ("Sec-Fetch-Site", "GET", "/graphql", {**LOCAL, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}),
    ("Sec-Fetch-Site", "GET", "/logs", {**LOCAL, "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors"}),
    ("method", "GET", "/graphql", {**LOCAL}),
    ("method", "GET", "/operator/graphql/", {**BEHIND}),
    ("Content-Type", "POST", "/graphql", {**LOCAL, "content-type": "text/plain"}),
    ("Content-Type", "POST", "/graphql", {**LOCAL}),
])  # fmt: skip
def test_what_another_site_asks_for_is_refused(why: str, method: str, path: str, headers: dict[str, str]) -> None:
    assert refusal(OFFICE, method, path, headers) == why
