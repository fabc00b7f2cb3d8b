"""What is sent for a request that is no HTTP: a problem like the others, though no application ever sees the request."""

import logging
import uuid

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.problems.kinds import MEDIA_TYPE, ProblemItem, problem_body

log = logging.getLogger("api.http")

KIND = "bad-request"
DETAIL = (
    "the request is not valid HTTP, or its address or headers are too long. An address is made of ASCII alone: "
    "percent-encode other letters (é is %C3%A9), as `curl -G --data-urlencode 'q=réfugiés'` does"
)


class ReadableProtocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, whose refusal of what it cannot read is a problem and says what to do."""

    def send_400_response(self, msg: str) -> None:
        """Refuse what came and end the connection, of which the rest means nothing either."""
        request_id = uuid.uuid4().hex
        log.info("a request could not be read, its answer is a 400 [request %s]", request_id)
        # The `type` is relative: the host that was asked for could not be read.
        body = problem_body(
            self.root_path, KIND, DETAIL, request_id, [ProblemItem(parameter="request", message=DETAIL)]
        )
        headers = {
            "content-type": MEDIA_TYPE,
            "content-length": str(len(body)),
            "cache-control": "no-store",
            "access-control-allow-origin": "*",
            "x-request-id": request_id,
            "connection": "close",
        }
        lines = ["HTTP/1.1 400 Bad Request", *(f"{name}: {value}" for name, value in headers.items())]
        head = "".join(f"{line}\r\n" for line in lines)
        self.transport.write(f"{head}\r\n".encode() + body)
        self.transport.close()
