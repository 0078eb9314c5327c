"""An image search on loopback: three sources in their real formats, and sites with good, odd and hostile files."""

from __future__ import annotations

import asyncio
import html
import json
import socket
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.settings import Settings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeResolver(AbstractResolver):
    """A resolver that knows these names alone; what a name leads to may be changed meanwhile."""

    def __init__(self, **addresses: list[str]) -> None:
        self.addresses = {name.replace("_", "."): known for name, known in addresses.items()}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host not in self.addresses:
            raise OSError(f"nobody is called {host}")
        return [
            ResolveResult(hostname=host, host=each, port=port, family=socket.AF_INET, proto=0, flags=0)
            for each in self.addresses[host]
        ]

    async def close(self) -> None:
        pass


@dataclass(frozen=True)
class RecordedRequest:
    """A request that came: `host` without its port."""

    host: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    at: float


@dataclass
class ImageSearch:
    """What the searches name and what the sites give. `robots`: by host; a host without one answers 404."""

    port: int = 0
    named: dict[str, list[dict[str, str]]] = field(default_factory=dict[str, list[dict[str, str]]])
    files: dict[str, Handler] = field(default_factory=dict[str, Handler])
    robots: dict[str, Handler] = field(default_factory=dict[str, Handler])
    asked: list[RecordedRequest] = field(default_factory=list[RecordedRequest])
    at_once: Counter[str] = field(default_factory=Counter[str])
    max_at_once: Counter[str] = field(default_factory=Counter[str])

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sources(self) -> str:
        """What to set `gather_sources` to."""
        return f"commons={self.base}/w/api.php,openverse={self.base}/v1/images/,web={self.base}/images/async"

    def settings(self, **changed: object) -> Settings:
        """Settings under which this server alone may be reached, without a pause between requests."""
        known: dict[str, object] = {
            "gather_contact": "owner@example.org",
            "gather_sources": self.sources,
            "gather_pause": 0.0,
            "allowed_addresses": f"127.0.0.1:{self.port}",
        }
        return Settings.model_validate(known | changed)

    def put(self, path: str, data: bytes, kind: str = "image/jpeg") -> str:
        """Give `data` at `path`; its link."""

        async def give(request: web.Request) -> web.StreamResponse:
            return web.Response(body=data, content_type=kind)

        return self.serve(path, give)

    def serve(self, path: str, handler: Handler) -> str:
        """Let `handler` answer at `path`; its link."""
        self.files[path] = handler
        return self.base + path

    def redirect(self, path: str, place: str) -> str:
        """Let `path` lead to `place`; its link."""

        async def lead(request: web.Request) -> web.StreamResponse:
            return web.Response(status=302, headers={"Location": place})

        return self.serve(path, lead)

    def name(self, source: str, link: str, title: str = "", page: str = "", licence: str = "") -> None:
        """Let `source` name `link` for every query."""
        self.named.setdefault(source, []).append({"link": link, "title": title, "page": page, "licence": licence})

    def forbid(self, host: str, rules: str) -> None:
        """Give `host` a robots.txt."""

        async def give(request: web.Request) -> web.StreamResponse:
            return web.Response(text=rules)

        self.robots[host] = give

    def paths(self, host: str | None = None) -> list[str]:
        """What was asked for, in order."""
        return [each.path for each in self.asked if host in {None, each.host}]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        host = request.host.partition(":")[0]
        now = asyncio.get_running_loop().time()
        self.asked.append(RecordedRequest(host, request.path, dict(request.query), dict(request.headers), now))
        self.at_once[host] += 1
        self.max_at_once[host] = max(self.max_at_once[host], self.at_once[host])
        try:
            return await self._answer(host, request)
        finally:
            self.at_once[host] -= 1

    async def _answer(self, host: str, request: web.Request) -> web.StreamResponse:
        if request.path in self.files:
            return await self.files[request.path](request)
        if request.path == "/robots.txt" and host in self.robots:
            return await self.robots[host](request)
        if request.path == "/w/api.php":
            return web.json_response(self._commons())
        if request.path == "/v1/images/":
            return web.json_response(self._openverse(int(request.query["page"]), int(request.query["page_size"])))
        if request.path == "/images/async":
            return web.Response(text=self._bing(), content_type="text/html")
        return web.Response(status=404)

    def _commons(self) -> dict[str, object]:
        """As api.php answers with formatversion=2: pages in the order of their ids, the rank in `index`."""
        pages = [
            {
                "pageid": 9000 - rank,
                "ns": 6,
                "title": f"File:{each['title']}",
                "index": rank,
                "imagerepository": "local",
                "imageinfo": [
                    {
                        "thumburl": each["link"],
                        "thumbwidth": 1920,
                        "thumbheight": 1280,
                        "url": f"{self.base}/the/original/of/{rank}.jpg",
                        "descriptionurl": each["page"],
                        "descriptionshorturl": "https://commons.wikimedia.org/w/index.php?curid=1",
                        "extmetadata": {"LicenseShortName": {"value": each["licence"], "source": "commons-desc-page"}}
                        if each["licence"]
                        else [],
                    }
                ],
            }
            for rank, each in enumerate(self.named.get("commons", []), 1)
        ]
        return {"batchcomplete": True, "query": {"pages": pages[::-1]}} if pages else {"batchcomplete": True}

    def _openverse(self, page: int, size: int) -> dict[str, object]:
        """As /v1/images/ answers."""
        named = self.named.get("openverse", [])
        return {
            "result_count": len(named),
            "page_count": -(-len(named) // size),
            "page_size": size,
            "page": page,
            "results": [
                {
                    "id": f"{rank:08d}-0000-4000-8000-000000000000",
                    "title": each["title"] or None,
                    "indexed_on": "2020-01-01T00:00:00.000000Z",
                    "foreign_landing_url": each["page"] or None,
                    "url": each["link"],
                    "creator": None,
                    "license": each["licence"].partition(" ")[0],
                    "license_version": each["licence"].partition(" ")[2],
                    "provider": "flickr",
                    "mature": False,
                    "thumbnail": f"{self.base}/v1/images/{rank}/thumb/",
                    "width": 1024,
                    "height": None,
                }
                for rank, each in enumerate(named[(page - 1) * size : page * size])
            ],
        }

    def _bing(self) -> str:
        """As /images/async answers: a piece of a page, with what a result is as JSON in an attribute."""
        items = "".join(
            '<li data-idx="{0}"><div class="iuscp"><div class="imgpt"><a class="iusc" m="{1}" href="/images/search">'
            '<div class="img_cont"></div></a><div class="img_info hon"><span class="nowrap">1200 x 800 · jpeg</span>'
            '</div></div><div class="infopt"><div class="infpd"><ul><li><div class="lnkw">'
            '<a href="{2}">{2}</a></div></li></ul></div></div></div></li>'.format(
                rank,
                html.escape(
                    json.dumps({"murl": each["link"], "purl": each["page"], "turl": "", "t": each["title"]}), quote=True
                ),
                html.escape(each["page"], quote=True),
            )
            for rank, each in enumerate(self.named.get("web", []))
        )
        return f'<div class="dgControl hover"><ul class="dgControl_list">{items}</ul></div>'


@asynccontextmanager
async def serving() -> AsyncGenerator[ImageSearch]:
    """The server, on a free port of 127.0.0.1, for every host name that leads there."""
    search = ImageSearch()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", search.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    search.port = runner.addresses[0][1]
    try:
        yield search
    finally:
        await runner.cleanup()


@dataclass
class PrivateServer:
    """A server at a private address, which must get no connection. `touched`: the number of connections."""

    port: int = 0
    touched: int = 0


@asynccontextmanager
async def private_server() -> AsyncGenerator[PrivateServer]:
    """A service on a free port of 127.0.0.1."""
    kept = PrivateServer()

    async def touched(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kept.touched += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 6\r\n\r\nsecret")
        writer.close()

    server = await asyncio.start_server(touched, "127.0.0.1", 0)
    async with server:
        kept.port = server.sockets[0].getsockname()[1]
        yield kept
