"""The playground's server: the page, and a connection that carries commands one way and frames the other.

It answers this machine alone: it listens on the loopback address, wants the token of its address in every path, and
refuses other hosts and origins, so that a page elsewhere that reaches this port (by DNS rebinding, say) gets nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regx.config.grid import Grid
from regx.core.errors import InputError
from regx.play.session import Session

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.websockets import WebSocket

ASSETS = Path(__file__).with_name("assets")
TYPES = {"index.html": "text/html", "play.css": "text/css", "play.js": "text/javascript"}
HOST = "127.0.0.1"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
MOST_BYTES = 1 << 16  # of a message of the page
MOST_SESSIONS = 4
SECONDS_KEPT = 60.0  # a session without its page, so that a lost connection can come back
SECONDS_ALONE = 600.0  # after the last page is gone the server ends


class Playground:
    """The sessions by the id that each page chose, and the application that serves them."""

    def __init__(self, grid: Grid, port: int) -> None:
        self.token = secrets.token_urlsafe(16)
        self._grid, self._port = grid, port
        self._sessions: dict[str, tuple[Session, _Latest]] = {}
        self._pages: dict[str, int] = {}  # how many connections each session has
        self._left: dict[str, float] = {}  # since when a session has none
        self._alone_since = time.monotonic()

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self._port}/{self.token}/"

    def application(self, stop: Callable[[], None]) -> Starlette:
        """The application. stop: ends the server; called when its last page has been gone for long."""
        from starlette.applications import Starlette
        from starlette.routing import Route, WebSocketRoute

        @contextlib.asynccontextmanager
        async def lifespan(app: Starlette) -> AsyncIterator[None]:
            watching = asyncio.create_task(self._watch(stop))
            yield
            watching.cancel()
            for session, _ in self._sessions.values():
                session.close()

        routes = [
            Route("/{token}/", self._file),
            Route("/{token}/{name}", self._file),
            WebSocketRoute("/{token}/live", self._live),
        ]
        return Starlette(routes=routes, lifespan=lifespan)

    def _allowed(self, connection: Request | WebSocket) -> bool:
        """Whether host, origin and token are ours."""
        ours = {f"{name}:{self._port}" for name in (HOST, "localhost")}
        origin = connection.headers.get("origin")
        return (
            connection.headers.get("host") in ours
            and (origin is None or origin in {f"http://{host}" for host in ours})
            and secrets.compare_digest(connection.path_params["token"].encode(), self.token.encode())
        )

    async def _file(self, request: Request) -> Response:
        from starlette.responses import FileResponse, PlainTextResponse

        name = request.path_params.get("name", "index.html")
        headers = {
            "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }  # fmt: skip
        if not self._allowed(request):
            return PlainTextResponse("The address needs its token: open the one that regx play printed.", 403, headers)
        if name not in TYPES:
            return PlainTextResponse("There is no such file.", 404, headers)
        return FileResponse(ASSETS / name, headers=headers, media_type=TYPES[name])

    async def _live(self, websocket: WebSocket) -> None:
        from starlette.websockets import WebSocketDisconnect

        # Browsers name the origin of every such connection, so one without is no page of ours.
        if not self._allowed(websocket) or websocket.headers.get("origin") is None:
            await websocket.close(1008)
            return
        await websocket.accept()
        name = str(websocket.query_params.get("session", ""))[:64]
        full = name not in self._sessions and len(self._sessions) >= MOST_SESSIONS
        if full and self._left:
            self._drop(min(self._left, key=lambda one: self._left[one]))
        elif full:
            said = f"There are {MOST_SESSIONS} pages open already. Close one and reload this one."
            await websocket.send_text(json.dumps({"type": "error", "message": said}))
            await websocket.close(1013)
            return
        session, latest = self._sessions.get(name) or self._begin(name)
        self._pages[name] = self._pages.get(name, 0) + 1
        self._left.pop(name, None)
        session.tell({"type": "show"})
        sending = asyncio.create_task(latest.send_to(websocket))
        try:
            while True:
                text = await websocket.receive_text()
                with contextlib.suppress(json.JSONDecodeError, RecursionError):
                    command = json.loads(text)
                    session.tell(command if isinstance(command, dict) else {})
        except (WebSocketDisconnect, KeyError):  # KeyError: of bytes, which no page of ours sends
            pass
        finally:
            sending.cancel()
            self._pages[name] -= 1
            if not self._pages[name]:
                self._left[name] = self._alone_since = time.monotonic()

    def _begin(self, name: str) -> tuple[Session, _Latest]:
        latest = _Latest(asyncio.get_running_loop())
        session = Session(self._grid, latest.publish)
        session.thread.start()
        self._sessions[name] = session, latest
        return session, latest

    def _drop(self, name: str) -> None:
        self._sessions.pop(name)[0].close()
        del self._pages[name], self._left[name]

    async def _watch(self, stop: Callable[[], None]) -> None:
        """Close sessions whose page is gone, and the server when none has come back."""
        while True:
            await asyncio.sleep(1)
            now = time.monotonic()
            for name in [name for name, since in self._left.items() if now - since > SECONDS_KEPT]:
                self._drop(name)
            if not any(self._pages.values()) and now - self._alone_since > SECONDS_ALONE:
                stop()


class _Latest:
    """The newest message of each type: a page that cannot keep up misses frames and is never behind."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._number = 0
        self._messages: dict[str, tuple[int, dict[str, Any]]] = {}
        self._changed = asyncio.Event()

    def publish(self, message: dict[str, Any]) -> None:
        """From the session's thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._take, message)

    def _take(self, message: dict[str, Any]) -> None:
        self._number += 1
        self._messages[message["type"]] = self._number, message
        self._changed.set()
        self._changed = asyncio.Event()

    async def send_to(self, websocket: WebSocket) -> None:
        seen = {kind: number for kind, (number, _) in self._messages.items() if kind == "error"}
        while True:
            changed = self._changed
            for kind, (number, message) in sorted(self._messages.items(), key=lambda one: one[1][0]):
                if number > seen.get(kind, 0):
                    seen[kind] = number
                    await websocket.send_text(json.dumps(message, allow_nan=False, separators=(",", ":")))
            if changed is self._changed:
                await changed.wait()


def listen(port: int) -> tuple[socket.socket, int]:
    """A socket on this port of the loopback address, or on another where it is taken, and its port."""
    for candidate in (port, 0) if 0 <= port <= 65535 else ():
        with contextlib.suppress(OSError):
            found = socket.create_server((HOST, candidate))  # from here on a page waits until the server is ready
            return found, found.getsockname()[1]
    raise InputError(f"--port: expected a port from 0 to 65535 that can be opened, found {port}")


def serve(playground: Playground, listening: socket.socket) -> None:
    """Answer until a signal, or until the last page has been gone for long."""
    import uvicorn

    def stop() -> None:
        server.should_exit = True

    config = uvicorn.Config(
        playground.application(stop), log_level="error", ws_max_size=MOST_BYTES, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    server.run(sockets=[listening])
