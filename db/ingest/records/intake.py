"""Takes the records of a file in, some at a time. Projects are stored at once; lists of components and decisions wait
until they are whole, at the end of the file."""

import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import count, islice
from typing import NamedTuple

from sqlalchemy import select

from db import tables
from db.ingest.adapters.adapter import RawRecord
from db.ingest.records.components import store_components
from db.ingest.records.ledger import NOBODY, Ledger
from db.ingest.records.projects import store_projects
from db.ingest.records.reviews import store_reviews
from db.ingest.records.staging import Entry, Staged, staged
from db.ingest.records.validation import Rejection, Valid, told, validate
from db.progress import Progress
from db.store import BATCH
from models.country import PlaceIndex
from models.records import ComponentRecord, ProjectRecord

KEYS = {"project": "project_id", "component": "ordinal", "review": "category"}
"""The kinds of records, and the field by which those of one owner differ."""

OWNERS = {"project_id", "subject_id"}
"""The fields that say of whom a record is."""

Judged = tuple[Valid | None, list[Rejection]] | None


class Identity(NamedTuple):
    """What makes two records of a file the same one: its kind, its project or subject, and its place in there."""

    kind: str
    owner: str
    key: str


def take_in_file(records: Iterator[RawRecord], ledger: Ledger, places: PlaceIndex, progress: Progress) -> None:
    """Store the records of a file. Of one identity the others than the first are refused."""
    sources = set(ledger.connection.scalars(select(tables.source.c.source_id)))
    with ExitStack() as stack:
        seen = {kind: stack.enter_context(staged(ledger.connection, kind)) for kind in KEYS}
        lines = count()
        while batch := list(islice(records, BATCH)):
            judged = [None if raw.passed_over or raw.remark else validate(raw, places, sources) for raw in batch]
            good = list(_good(ledger, seen, batch, judged))
            for kind, staging in seen.items():
                staging.add(_entry(identity, next(lines), valid) for identity, valid in good if identity.kind == kind)
            store_projects(ledger, [valid for identity, valid in good if identity.kind == "project"])
            ledger.keep()
            progress(len(batch))
        for lists in seen["component"].by_owner():
            store_components(ledger, _unpacked(lists))
            ledger.keep()
        for decisions in seen["review"].by_owner():
            store_reviews(ledger, _unpacked(decisions))
            ledger.keep()


def _good(
    ledger: Ledger, seen: Mapping[str, Staged], batch: Sequence[RawRecord], judged: Sequence[Judged]
) -> Iterator[tuple[Identity, Valid]]:
    """The records of a batch that can be taken in; of the others the ledger is told why not."""
    first = _places(seen, (_identity(one[0]) for one in judged if one and one[0]))
    for raw, one in zip(batch, judged, strict=True):
        if one is None:
            _tell(ledger, raw)
            continue
        ledger.report.read += 1
        valid, rejections = one
        if valid is not None:
            identity = _identity(valid)
            if identity in first:
                reason = _repeated(identity, first[identity])
                ledger.reject(valid, KEYS[identity.kind], identity.key or identity.owner, reason)
                continue
            first[identity] = valid.place
            yield identity, valid
        elif raw.kind is not ProjectRecord and not raw.barred:  # what nobody may send makes no list incomplete
            ledger.note_refused(_owner_of_refused(rejections), raw.kind)
        ledger.report.count_rejections(rejections)
        ledger.rejections += rejections


def _owner_of_refused(rejections: Sequence[Rejection]) -> str:
    """Whom a refused line is about. Where the id itself is refused it names nobody: it may be a slip for any other."""
    if any(rejection.field in OWNERS for rejection in rejections):
        return NOBODY
    return rejections[0].record_id or NOBODY


def _tell(ledger: Ledger, raw: RawRecord) -> None:
    """Keep what is no record: a document that gave none, or a remark, which the report repeats."""
    ledger.rejections.append(told(raw))
    if raw.remark:
        about = raw.fields.get("project_id")
        ledger.report.notes.append(f"{about}: {raw.remark}" if about else raw.remark)
    else:
        ledger.report.passed_over += 1


def _identity(valid: Valid) -> Identity:
    record = valid.record
    if isinstance(record, ProjectRecord):
        return Identity("project", record.project_id, "")
    if isinstance(record, ComponentRecord):
        return Identity("component", record.project_id, str(record.ordinal))
    return Identity("review", record.subject_id, record.category)


def _repeated(identity: Identity, place: str) -> str:
    name = " ".join(filter(None, identity))
    # Of a list that is to replace one, or a decision, the first one does not count either: which was meant nobody knows.
    return f"{name} was read at {place} already" + (
        "; the first one counts" if identity.kind == "project" else ": expected each once"
    )


def _places(seen: Mapping[str, Staged], identities: Iterable[Identity]) -> dict[Identity, str]:
    """Where those of some identities that came in batches before stood."""
    owners: dict[str, set[str]] = {}
    for identity in identities:
        owners.setdefault(identity.kind, set()).add(identity.owner)
    found = {(kind, *pair): place for kind, some in owners.items() for pair, place in seen[kind].places(some).items()}
    return {Identity(*identity): place or "" for identity, place in found.items()}


def _entry(identity: Identity, line: int, valid: Valid) -> Entry:
    """What has to wait is kept as a whole; of a project that is stored at once only where it stood."""
    content = None if identity.kind == "project" else pickle.dumps(valid)
    return Entry(identity.owner, identity.key, line, valid.place, content)


def _unpacked(entries: Mapping[str, Sequence[Entry]]) -> dict[str, list[Valid]]:
    # Nobody but this connection sees a temporary table: what is read here is what was written above.
    return {owner: [pickle.loads(e.content or b"") for e in some] for owner, some in entries.items()}
