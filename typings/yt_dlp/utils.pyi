from types import TracebackType

class YoutubeDLError(Exception): ...

class DownloadError(YoutubeDLError):
    exc_info: tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None
