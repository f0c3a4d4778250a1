"""Debian's nginx with ``deploy/nginx.conf``, in front of the operators' webserver: who may give orders through it.

The file is used as it stands, but for places of this machine: ports, certificate, lists of people.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from orchestration.base.settings import ROOT, Settings
from orchestration.pipeline.resources import DAGSTER_YAML
from tests.pipeline.test_publication import environment
from tests.services import Services, free_port, started, until, until_served

pytestmark = pytest.mark.proxy
NAME = "ledgergate.example.gov.cn"
DELETE = 'mutation { deletePipelineRun(runId: "00000000-0000-0000-0000-000000000000") { __typename } }'
OPERATOR, VIEWER = "li:right", "zhang:right"
OWN = {"Content-Type": "application/json", "Origin": f"https://{NAME}", "Sec-Fetch-Site": "same-origin"}
WEBSOCKET = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "graphql-ws"}  # fmt: skip
MAIN = """
daemon off; worker_processes 1; user root; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; scgi_temp_path {folder}/scgi; uwsgi_temp_path {folder}/uwsgi;
    include {folder}/ledgergate.conf;
}}
"""


@dataclass(frozen=True)
class Proxy:
    tls: int
    plain: int
    certificate: Path

    def ask(
        self, method: str, path: str, headers: dict[str, str], who: str = OPERATOR, name: str = NAME
    ) -> tuple[int, str]:
        """Status and text. ``name``: the one that is asked for in the handshake."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        connection = http.client.HTTPSConnection(name, self.tls, timeout=60, context=context)
        there = lambda *_: socket.create_connection(("127.0.0.1", self.tls), 60)  # noqa: E731
        vars(connection)["_create_connection"] = there
        login = {"Authorization": f"Basic {base64.b64encode(who.encode()).decode()}"} if who else {}
        body = json.dumps({"query": DELETE}) if method == "POST" else None
        try:
            connection.request(method, path, body, {"Host": NAME, **login, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


def people(path: Path, who: str) -> None:
    name, _, password = who.partition(":")
    made = subprocess.run(["openssl", "passwd", "-apr1", password], capture_output=True, text=True, check=True)
    path.write_text(f"{name}:{made.stdout}", encoding="utf-8")


def certificate(folder: Path) -> Path:
    made = folder / "ledgergate.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME},DNS:other.example",
         "-keyout", str(folder / "ledgergate.key"), "-out", str(made)],
        check=True, capture_output=True,
    )  # fmt: skip
    return made


def configure(folder: Path, tls: int, plain: int, operator: int) -> None:
    """The file as it is deployed, at places of this test."""
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    text = re.sub(r"listen 443", f"listen 127.0.0.1:{tls}", text)
    text = re.sub(r"listen 80\b", f"listen 127.0.0.1:{plain}", text)
    text = text.replace("/etc/nginx/", f"{folder}/").replace("127.0.0.1:3001", f"127.0.0.1:{operator}")
    (folder / "ledgergate.conf").write_text(text, encoding="utf-8")
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder), encoding="utf-8")


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    assert nginx, "Debian's package nginx"
    folder = tmp_path_factory.mktemp("proxy")
    settings = Settings(department="hunan_hrss", home=folder / "home", raw=folder / "raw")
    (settings.home / "dagster").mkdir(parents=True)
    (settings.home / "dagster" / "dagster.yaml").write_text(DAGSTER_YAML)
    tls, plain = free_port(), free_port()

    def start(settings: Settings, urls: str, services: Services) -> None:
        services.port = free_port()
        command = [sys.executable, "-m", "orchestration.pipeline.webserver", "-h", "127.0.0.1", "--empty-workspace"]
        own = environment(settings) | {"LEDGERGATE_UI_URL": f"https://{NAME}{urls}"}
        services.start([*command, "-p", str(services.port), "--path-prefix", urls], own)
        for name, who in (("operators", OPERATOR), ("viewers", VIEWER)):
            people(folder / f"ledgergate-{name}", who)
        configure(folder, tls, plain, services.port)
        certificate(folder)
        services.start([nginx, "-c", str(folder / "nginx.conf")], environment(settings))

    def listening() -> list[Any]:
        with socket.socket() as tried:
            return [True] if tried.connect_ex(("127.0.0.1", tls)) == 0 else []

    with started(start, settings, "/operator", folder / "log") as services:
        until_served(services.port, services, "/operator")
        until(listening, 30, services)
        yield Proxy(tls, plain, folder / "ledgergate.crt")


def test_an_operators_own_page_gives_orders(proxy: Proxy) -> None:
    status, text = proxy.ask("POST", "/operator/graphql", OWN)
    assert status == 200 and "RunNotFoundError" in text


@pytest.mark.parametrize(("method", "path", "headers"), [
    ("POST", "/operator/graphql", {**OWN, "Origin": "https://evil.example"}),
    ("POST", "/operator/graphql", {**OWN, "Sec-Fetch-Site": "cross-site"}),
    ("POST", "/operator/graphql", {**OWN, "Content-Type": "text/plain"}),
    ("GET", f"/operator/graphql?query={quote(DELETE)}", {}),
    ("GET", "/operator/graphql", {**WEBSOCKET, "Origin": "https://evil.example"}),
])  # fmt: skip
def test_another_sites_orders_are_refused_with_the_operators_login(
    proxy: Proxy, method: str, path: str, headers: dict[str, str]
) -> None:
    status, text = proxy.ask(method, path, headers)
    assert status == 403 and (text.startswith("refused: ") or "Upgrade" in headers)


def test_another_name_leads_nowhere(proxy: Proxy) -> None:
    assert proxy.ask("POST", "/operator/graphql", {**OWN, "Host": "evil.example"})[0] == 421
    with pytest.raises(ssl.SSLError):
        proxy.ask("POST", "/operator/graphql", OWN, name="other.example")


def test_nobody_gives_orders_without_a_login_of_their_own_and_guessing_takes_time(proxy: Proxy) -> None:
    assert proxy.ask("POST", "/operator/graphql", OWN, who="")[0] == 401
    begun = time.monotonic()
    assert proxy.ask("POST", "/operator/graphql", OWN, who=VIEWER)[0] == 401
    assert time.monotonic() - begun >= 2


def test_without_encryption_there_is_only_the_way_to_it(proxy: Proxy) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.plain, timeout=60)
    connection.request("GET", "/operator", headers={"Host": NAME})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{NAME}/operator")
    connection.close()
