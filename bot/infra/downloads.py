"""Downloads and copies of engines' weight files. A file comes to its place only whole, and with the right hash."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import hashlib
import os
import re
import shutil
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from bot.domain.messages import Code, Message
from bot.errors import PersonError
from bot.infra.untrusted_links import resolve_link

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator
    from pathlib import Path

    from models.engines import WeightFile

    DownloadProgressCallback = Callable[[str, int, int], None]
    """Called with a file's path, the bytes that are there, and its size."""

CHUNK = 1 << 16
MAX_REDIRECTS = 5
CONNECT_SECONDS = 20.0
SILENT_SECONDS = 30.0
"""Seconds without data after which a download ends. A download as a whole has no limit."""


async def is_present(wanted: WeightFile, weights: Path, *, equivalents: bool = True) -> bool:
    """Whether the folder of weights holds the publisher's file, or one of its equivalents unless these don't count."""
    path = weights / wanted.path
    accepted = (wanted.sha256, *wanted.equivalents) if equivalents else (wanted.sha256,)
    return path.is_file() and await asyncio.to_thread(_sha256, path) in accepted


async def copy_from_folder(engine: str, wanted: WeightFile, folder: Path, weights: Path) -> None:
    """Copy a weight file of `engine` from `folder`.

    Raises PersonError if it isn't there, or is neither the publisher's file nor an equivalent.
    """
    found = wanted.find(folder)
    if found is None:
        names = ", ".join((wanted.path, *wanted.found_as))
        raise PersonError(
            "{folder} does not hold {path}; I look for it as {names}.",
            folder=str(folder),
            path=wanted.path,
            names=names,
        )
    with _locked_part(weights / wanted.path) as part, _as_person_errors(engine, wanted, part):
        await asyncio.to_thread(shutil.copyfile, found, part)
        if not await asyncio.to_thread(_accept, part, (wanted.sha256, *wanted.equivalents)):
            raise PersonError(
                "{found} is another file than the one I know (its sha256 differs), so I leave it alone.",
                found=str(found),
            )


async def download(engine: str, wanted: WeightFile, weights: Path, progress: DownloadProgressCallback) -> None:
    """Download a weight file of `engine`. If the server supports ranges, an unfinished download is continued.

    Raises PersonError for every failure. The part that arrived before stays, unless it can't be a part of the file.
    """
    with _locked_part(weights / wanted.path) as part, _as_person_errors(engine, wanted, part):
        # The hash of the whole file alone shows that an earlier part was damaged, or another file's. Then it starts anew.
        for continued in (part.exists(), False):
            await _download(wanted, part, progress)
            if await asyncio.to_thread(_accept, part, (wanted.sha256,)):
                return
            if not continued:
                break
    raise PersonError(
        "{url} is another file than the one I know (its sha256 differs), so I left it alone.", url=wanted.url
    )


async def _download(wanted: WeightFile, part: Path, progress: DownloadProgressCallback) -> None:
    """Download the bytes that `part` lacks."""
    size = part.stat().st_size if part.exists() else 0
    if size == wanted.size:
        return
    # There is no total limit, since a slow connection is no error.
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENT_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=True, auto_decompress=False) as session:
        for start in (size if size < wanted.size else 0, 0):
            async with _request(session, wanted, {"Range": f"bytes={start}-"} if start else {}) as response:
                begins_at = 0 if response.status == 200 else start
                if begins_at == 0 or _continues(response, start, wanted.size):
                    await _write(wanted, response, part, begins_at, progress)
                    return


@asynccontextmanager
async def _request(
    session: aiohttp.ClientSession, wanted: WeightFile, headers: dict[str, str]
) -> AsyncGenerator[aiohttp.ClientResponse]:
    """The publisher's response, after redirects by https."""
    url, loopback = URL(wanted.url), _is_loopback(URL(wanted.url))
    for _ in range(MAX_REDIRECTS + 1):
        if url.scheme != "https" and not (loopback and _is_loopback(url)):
            raise PersonError(
                "{url} leads to {target}, which is not https, so I did not go there.", url=wanted.url, target=str(url)
            )
        identity = {"Accept-Encoding": "identity", **headers}
        async with session.get(url, headers=identity, allow_redirects=False) as response:
            if response.status in {301, 302, 303, 307, 308} and "Location" in response.headers:
                url = _redirected(url, response.headers["Location"])
                continue
            # 416: the server doesn't have the range. The caller requests the whole file next.
            if response.status not in ({200, 206, 416} if "Range" in headers else {200}):
                raise PersonError(
                    "{host} answers {status} {reason} to {url}.",
                    host=url.host or "",
                    status=response.status,
                    reason=response.reason or "",
                    url=wanted.url,
                )
            yield response
            return
    raise PersonError("{url} leads round in circles.", url=wanted.url)


def _redirected(url: URL, location: str) -> URL:
    target = resolve_link(location, url)
    if target is None:
        raise PersonError("{url} leads to {location}, which is no address.", url=str(url), location=location[:100])
    return target


def _continues(response: aiohttp.ClientResponse, start: int, size: int) -> bool:
    """Whether a response is the rest of the file from byte `start` on."""
    content_range = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", response.headers.get("Content-Range", "").strip())
    return (
        response.status == 206
        and content_range is not None
        and int(content_range[1]) == start
        and int(content_range[2]) == size - 1
        and content_range[3] in {"*", str(size)}
    )


async def _write(
    wanted: WeightFile, response: aiohttp.ClientResponse, part: Path, start: int, progress: DownloadProgressCallback
) -> None:
    """Write the response behind the first `start` bytes of `part`. Raises PersonError if the file gets another size."""
    length = response.content_length
    if length is not None and start + length != wanted.size:
        raise PersonError(_other_size(wanted, str(start + length)))
    done = start
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        async for chunk in response.content.iter_chunked(CHUNK):
            done += len(chunk)
            if done > wanted.size:
                file.truncate(0)
                raise PersonError(_other_size(wanted, "more"))
            file.write(chunk)
            progress(wanted.path, done, wanted.size)
    if done < wanted.size:
        raise PersonError(_other_size(wanted, f"only {done}"))


def _other_size(wanted: WeightFile, size: str) -> Message:
    return Message(
        "{url} has {size} bytes where the file that I know has {known}, so I left it alone.",
        url=wanted.url,
        size=size,
        known=wanted.size,
    )


@contextmanager
def _locked_part(target: Path) -> Generator[Path]:
    """The path of the unfinished file of `target`, while a lock keeps other processes away."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(target.parent, os.O_RDONLY)
    except OSError as error:
        raise PersonError(
            "{folder} can't be used: {reason}.", folder=str(target.parent), reason=error.strerror or ""
        ) from error
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PersonError(
                "Another {command} is filling {folder} just now.",
                folder=str(target.parent),
                command=Code("nugu engine install"),
            ) from None
        yield target.with_name(target.name + ".part")
    finally:
        os.close(folder)


def _accept(part: Path, accepted: tuple[str, ...]) -> bool:
    """Move `part` to its final name if its hash is accepted, else delete it; returns whether it was accepted."""
    if _sha256(part) not in accepted:
        part.unlink()
        return False
    _sync(part)
    part.replace(part.with_suffix(""))
    _sync(part.parent)
    return True


def _sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_loopback(url: URL) -> bool:
    return url.scheme == "http" and url.host in {"127.0.0.1", "::1", "localhost"}


@contextmanager
def _as_person_errors(engine: str, wanted: WeightFile, part: Path) -> Generator[None]:
    """Turn errors of the network and the disk into PersonErrors."""
    host = URL(wanted.url).host
    try:
        yield
    except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError) as error:
        raise PersonError("{host} broke off. The same command goes on where it stopped.", host=host or "") from error
    except (aiohttp.ClientConnectionError, TimeoutError) as error:
        reason = str(error) or Message("it does not answer")
        raise PersonError(
            "{host} can't be reached ({reason}). On a machine without a network, bring the files: "
            "nugu engine install {engine} --from FOLDER",
            host=host or "",
            reason=reason,
            engine=engine,
        ) from error
    except aiohttp.ClientError as error:
        raise PersonError(
            "{url} can't be fetched: {error}.", url=wanted.url, error=str(error) or type(error).__name__
        ) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise PersonError(
                "The disk is full: {folder} needs {size} bytes for {path}.",
                folder=str(part.parent),
                size=wanted.size,
                path=wanted.path,
            ) from error
        raise PersonError(
            "{file} can't be used: {reason}.", file=str(error.filename or part), reason=error.strerror or ""
        ) from error
