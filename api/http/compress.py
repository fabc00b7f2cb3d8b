"""Compression: zstd, brotli or gzip, the first of these that the client takes."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette_compress import CompressMiddleware, add_compress_type

from api.http.paths import is_data_path, is_file_path
from api.http.question import question_of

for media_type in ("text/csv", "application/x-ndjson", "application/linkset+json", "application/schema+json"):
    add_compress_type(media_type)

GZIP_TIME = slice(4, 8)
"""Where a gzip stream says when it was made (RFC 1952, section 2.3.1); 0 means that it does not say."""


class CompressLayer:
    """Compresses answers, except bulk files; equal answers have equal bytes, as their strong entity tags promise."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.compressing = CompressMiddleware(app, zstd_level=3, brotli_quality=3, gzip_level=2)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or is_file_path(scope) or _stays_as_it_is(scope):
            await self.app(scope, receive, send)
        else:
            await self.compressing(scope, receive, _without_time(send))


def _stays_as_it_is(scope: Scope) -> bool:
    """Whether a client takes no encoding. That the answer varies by those is said anyway of what comes from the data."""
    return question_of(scope).encodings is None and is_data_path(scope)


def _without_time(send: Send) -> Send:
    """Take the time of compression out of gzip streams, which the library writes into those made in one go."""
    at_start = False

    async def send_on(message: Message) -> None:
        nonlocal at_start
        if message["type"] == "http.response.start":
            at_start = (b"content-encoding", b"gzip") in message["headers"]
        elif at_start and len(message.get("body", b"")) >= GZIP_TIME.stop:
            at_start = False
            body = bytearray(message["body"])
            body[GZIP_TIME] = bytes(4)
            message = {**message, "body": bytes(body)}
        await send(message)

    return send_on
