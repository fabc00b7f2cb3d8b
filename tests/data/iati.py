"""Writes synthetic IATI files; names in them say that they are synthetic."""

import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from db.ingest.sources.manners import Manners
from db.ingest.sources.web import WebClient

REPORTER = '<reporting-org ref="XX-SYN" type="40"><narrative>Synthetic Aid</narrative></reporting-org>'
VALUE = '<value currency="USD" value-date="2020-01-15">1000</value>'


def transaction(kind="2", value=VALUE, more="", day="2020-01-15"):
    return (
        f'<transaction><transaction-type code="{kind}"/><transaction-date iso-date="{day}"/>{value}{more}</transaction>'
    )


def dollars(amount, kind="2", more=""):
    return transaction(kind, f'<value currency="USD" value-date="2020-01-15">{amount}</value>', more)


def activity(inside="", identifier="XX-SYN-1", reporter=REPORTER, attributes='default-currency="USD"', basics=True):
    """An activity of version 2; with `basics` it has a title, a status, a start and a country."""
    given = (
        "<title><narrative>Synthetic roads</narrative></title><activity-status code='2'/>"
        "<activity-date type='2' iso-date='2019-05-01'/><recipient-country code='JO'/>"
        if basics
        else ""
    )
    return (
        f"<iati-activity {attributes}><iati-identifier>{identifier}</iati-identifier>{reporter}{given}{inside}"
        "</iati-activity>"
    )


def document(*activities, version="2.03", attributes='generated-datetime="2026-01-02T03:04:05Z"'):
    body = "\n".join(activities)
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<iati-activities version="{version}" {attributes}>'
    return f"{head}\n{body}\n</iati-activities>\n"


def write(folder: Path, *activities, name="synthetic.xml", **options) -> Path:
    path = folder / name
    path.write_text(document(*activities, **options), encoding="utf-8")
    return path


@contextmanager
def serving(answers: Iterable[tuple[int, dict[str, str | None], bytes]]) -> Iterator[tuple[str, list[Message]]]:
    """Serve a file's answers, one after another: status, headers, body. A header of None is not sent."""
    left, asked = list(answers), []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers)
            status, headers, body = left.pop(0)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                if value is not None:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/data/synthetic.xml?x=1", asked
    finally:
        server.shutdown()
        server.server_close()


def hasty(address: str) -> WebClient:
    """A client that waits for nothing."""
    return WebClient(address, Manners(), sleep=lambda _: None)


def identifier_of(project_id):
    """Turn the id of a project back into the identifier that it came with."""
    raw = re.sub(":([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), project_id)
    return raw.encode("latin-1").decode("utf-8")
