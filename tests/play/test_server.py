"""The playground's server answers its own pages alone, and ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

SMALL = ["-s", "architecture.hidden=[4]", "-s", "dataset.n_train=8", "--seeds", "2"]


class Server:
    def __init__(self, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "regx", "play", "--no-browser", *SMALL, *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        self.host = self.address.split("/")[2]
        self.token = self.address.split("/")[3]

    def get(self, path: str = "", **headers: str) -> tuple[int, str, dict]:
        request = urllib.request.Request(f"http://{self.host}/{path}", headers=headers)
        end = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  an address of ours
                    return answer.status, answer.read().decode(), dict(answer.headers)
            except urllib.error.HTTPError as error:
                return error.code, error.read().decode(), dict(error.headers)
            except urllib.error.URLError:  # it has printed its address, and does not answer yet
                assert time.monotonic() < end
                time.sleep(0.1)

    def live(self, session: str = "a", **more):
        origin = more.pop("origin", f"http://{self.host}")
        return connect(f"ws://{self.host}/{self.token}/live?session={session}", origin=origin, max_size=None, **more)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    found = Server("--port", "0")
    yield found
    found.process.send_signal(signal.SIGINT)
    found.process.communicate(timeout=20)
    assert found.process.returncode in (0, 130)


def receive(websocket, kind: str) -> dict:
    while True:
        message = json.loads(websocket.recv(timeout=30))
        if message["type"] == kind:
            return message


def test_the_page_and_its_files_need_the_token(server: Server) -> None:
    status, page, headers = server.get(f"{server.token}/")
    assert status == 200
    assert "<title>regx play</title>" in page
    assert "default-src 'none'" in headers["content-security-policy"]
    for name in ("play.js", "play.css"):
        assert server.get(f"{server.token}/{name}")[0] == 200
    assert server.get("")[0] in (403, 404)
    assert server.get("wrong/")[0] == 403
    assert server.get("wrong/play.js")[0] == 403
    for name in ("..%2fserver.py", "server.py", "../session.py"):
        assert server.get(f"{server.token}/{name}")[0] in (403, 404)


def test_other_hosts_and_origins_are_refused(server: Server) -> None:
    port = server.host.partition(":")[2]
    assert server.get(f"{server.token}/", Host=f"evil.example:{port}")[0] == 403
    assert server.get(f"{server.token}/", Host=f"localhost:{port}")[0] == 200
    assert server.get(f"{server.token}/", Origin="http://evil.example")[0] == 403
    for origin in ("http://evil.example", None, "null"):
        with pytest.raises(InvalidStatus), server.live(origin=origin):
            pass
    with pytest.raises(InvalidStatus), connect(f"ws://{server.host}/wrong/live", origin=f"http://{server.host}"):
        pass


def test_a_page_trains_edits_and_comes_back_to_its_session(server: Server) -> None:
    with server.live("back") as websocket:
        assert list(receive(websocket, "state")["document"]["lanes"]) == ["none", "l2", "dropout", "early_stopping"]
        websocket.send(json.dumps({"type": "step"}))
        while receive(websocket, "frame")["epoch"] < 1:
            pass
        websocket.send(json.dumps({"type": "set", "path": "optimizer.lr", "value": -1}))
        assert "lr" in receive(websocket, "error")["message"]
    with server.live("back") as websocket:
        assert receive(websocket, "frame")["epoch"] == 1
    with server.live("other") as websocket:  # another page is another session
        assert receive(websocket, "frame")["epoch"] == 0


@pytest.mark.parametrize("text", ["[]", "{", '"x"', '{"type": "__init__"}', '{"type": "set", "path": 3}', "{}"])
def test_a_message_that_is_none_of_the_pages_harms_nothing(server: Server, text: str) -> None:
    with server.live("odd") as websocket:
        receive(websocket, "frame")
        websocket.send(text)
    with server.live("odd") as websocket:
        assert receive(websocket, "frame")["epoch"] == 0


def test_a_message_too_large_ends_the_connection(server: Server) -> None:
    with server.live("odd") as websocket:
        receive(websocket, "frame")
        websocket.send(json.dumps({"type": "set", "path": "x", "value": "y" * 100_000}))
        with pytest.raises(ConnectionClosed):
            receive(websocket, "nothing")


def test_a_busy_port_is_named_and_another_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = Server("--port", str(port))
        assert server.host != f"127.0.0.1:{port}"
        assert server.get(f"{server.token}/")[0] == 200
        server.process.terminate()
        _, stderr = server.process.communicate(timeout=10)
        assert f"port {port} is taken" in stderr


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_within_two_seconds_with_pages_open(number: int) -> None:
    server = Server("--port", "0")
    server.get(f"{server.token}/")
    with server.live() as websocket:
        receive(websocket, "frame")
        websocket.send(json.dumps({"type": "run"}))
        receive(websocket, "frame")
        start = time.monotonic()
        server.process.send_signal(number)
        server.process.wait(10)
        assert time.monotonic() - start < 5  # two seconds on a machine that is not busy: see the benchmark
    _, stderr = server.process.communicate()
    assert "Traceback" not in stderr
