"""Use from pages of other origins: reading is free for all, so every origin may; paths that need a key are for none."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.paths import needs_key

METHODS = ("GET", "HEAD", "OPTIONS", "POST")
EXPOSED = (
    "ETag",
    "Link",
    "Last-Modified",
    "X-Request-Id",
    "Content-Disposition",
    "Content-Range",
    "Accept-Ranges",
    "Repr-Digest",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "Deprecation",
    "Sunset",
)


class CorsLayer(CORSMiddleware):
    """Starlette's, for any origin and without credentials."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, allow_origins=["*"], allow_methods=METHODS, allow_headers=["*"], expose_headers=EXPOSED)
        self.allowed = [(name.lower().encode(), value.encode()) for name, value in self.simple_headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; a browser takes silence as a refusal."""
        if scope["type"] != "http" or needs_key(scope):
            await self.app(scope, receive, send)
        elif scope["method"] == "OPTIONS":  # which may be asked before something else, as its headers say
            await super().__call__(scope, receive, send)
        else:
            await self.simple_response(scope, receive, send)

    async def simple_response(
        self, scope: Scope, receive: Receive, send: Send, request_headers: Headers | None = None
    ) -> None:
        """Let every origin read, whether the request names one or not: so an answer is the same for all and can be kept."""

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *self.allowed]}
            await send(message)

        await self.app(scope, receive, send_on)

    def preflight_response(self, request_headers: Headers) -> Response:
        """Say what is allowed, and leave the verdict to the browser, whose task it is.

        Starlette answers a method that is not allowed with 400 and a line of plain text. The browser would then report
        a failed preflight; from the list it reports the method.
        """
        answer = super().preflight_response(request_headers)
        kept = {k: v for k, v in answer.headers.items() if k == "vary" or k.startswith("access-control-")}
        return Response(status_code=204, headers=kept)
