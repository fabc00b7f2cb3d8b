"""Fetches projects of the World Bank's Projects API into a folder of pages, and takes them in from there."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from db.ingest.adapters import worldbank_amounts as amount_fields
from db.ingest.adapters import worldbank_api as fields
from db.ingest.adapters.worldbank_fields import SOURCE, real_day
from db.ingest.pipeline import fetching, ingest, input_hash
from db.ingest.report import Report
from db.ingest.sources.answers import items_of, read_list
from db.ingest.sources.paging import Page, Walk
from db.ingest.sources.spool import Spool, SpoolState, open_spool, read_page
from db.ingest.sources.web import Answer, WebClient
from db.progress import Progress, unseen
from models.words import counted

ROWS = 500
"""Projects of a page: the API takes up to 1,000; half of that comes in some megabytes."""

CHANGED = "p2a_updated_date"
"""The day of the last change: the API orders by it, if by anything of the kind."""

KEPT = frozenset(
    {"id", "proj_id", "countryshortname", "countryname", "countrycode", "pdo", "project_abstract", "url"}
    | {"projectstatusdisplay", "status", "supplementprojectflg"}
    | set(fields.TEXTS.values())
    | set(fields.DATES.values())
    | {name for names in (*fields.LISTS.values(), *amount_fields.PARTS.values()) for name in names}
    | {*amount_fields.TOTALS, *amount_fields.COSTS, CHANGED}
)
"""The only fields that reach the disk. What people work on a project is in others, and is dropped on arrival."""

EXPECTED = "JSON with a total and projects by their ids"
BESIDE = -1
"""The place of a page in no list."""
PUBLISHER = "worldbank.org"

Opener = Callable[[str], WebClient]


def open_worldbank(address: str) -> WebClient:
    """Open a client for an API of the World Bank."""
    return WebClient(address, publisher=PUBLISHER)


class UnorderedError(Exception):
    """The API does not give the newest changes first."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which projects are asked for: all, those approved since a day, or single ones; of a list at most `limit`.

    `changed_from` asks for those that changed on that day or later, the newest first, and for those that `again` names.
    """

    since: date | None = None
    projects: tuple[str, ...] = ()
    limit: int | None = None
    changed_from: date | None = None
    again: tuple[str, ...] = ()

    def query(self, rows: int) -> dict[str, str | int]:
        """The parameters of the question, but for the place in the list.

        `fl=*` names all fields; without it the API leaves the status out. The order by id is the one that puts new
        projects at the end, where they move nothing. The API has no filter by the date of a change, but an order by it.
        """
        rows = rows if self.limit is None else min(rows, self.limit)
        order = {"srt": CHANGED, "order": "desc"} if self.changed_from else {"srt": "id", "order": "asc"}
        query: dict[str, str | int] = {"format": "json", "fl": "*", "rows": rows, **order}
        return query | ({"strdate": self.since.isoformat()} if self.since else {})


@dataclass(frozen=True, slots=True)
class _Content:
    total: int
    records: dict[str, Any]
    answer: Answer


@dataclass(slots=True)
class Fetcher:
    """Gets pages, from the web or from the run before where the API says that they are still the same."""

    client: WebClient
    spool: Spool
    query: Mapping[str, str | int]
    total: int = 0
    asked: int = 0
    unchanged: int = 0
    changes: Sequence[str] = ()

    def reached(self, mark: date) -> bool:
        """Tell whether the page that came last ends before a day: what comes after it changed earlier still."""
        return bool(self.changes) and self.changes[-1] < mark.isoformat()

    def page(self, offset: int, may_be_empty: bool) -> Page:
        """Get the page of the list that begins at an offset, and keep it."""

        def read(answer: Answer) -> _Content:
            if may_be_empty and not answer.body.strip():  # so it has answered beyond the end
                return _Content(self.total, {}, answer)
            return read_projects(answer, may_be_empty, offset)

        content = self._ask({"os": offset}, read, offset)
        self.total = content.total
        self.changes = [stated_change(item) for item in content.records.values()]
        if self.query.get("srt") == CHANGED:
            _check_order(self.changes)
        self._keep(offset, content, content.records)
        return Page(offset, list(content.records), content.total)

    def single(self, project_id: str, place: int = BESIDE) -> None:
        """Get a single project, and keep it on a page of its own. What else comes with it is left.

        `place` is its place among single projects that are asked for.
        """
        content = self._ask({"id": project_id}, read_projects, place)
        found = {key: item for key, item in content.records.items() if key == project_id}
        if others := len(content.records) - len(found):
            words = counted(others, "other project")
            _note(self.spool, [f"asked for {project_id}, the source sent {words}, not taken in"])
        if not found:
            _note(self.spool, [f"the source knows no project {project_id}"])
        self._keep(place, content, found)

    def _ask(self, params: Mapping[str, str | int], read: Callable[[Answer], _Content], place: int) -> _Content:
        """Ask for a page, or whether the one that the run before has at its place is still the same.

        Of pages beside a list nothing tells which was of which project.
        """
        entry, folder = (None, None) if place == BESIDE else self.spool.previous.get(place, (None, None))

        def recall(answer: Answer) -> _Content:
            if answer.unchanged and entry and folder:
                kept = read_page(folder, entry)["records"]
                return _Content(entry.total or 0, kept, replace(answer, validators=entry.validators))
            return read(answer)

        content = self.client.get({**self.query, **params}, recall, EXPECTED, entry.validators if entry else None)
        self.asked += 1
        self.unchanged += content.answer.unchanged
        return content

    def _keep(self, place: int, content: _Content, records: dict[str, Any]) -> None:
        """Keep a page. The change of a project beside a list does not show how far the list is known."""
        answer = content.answer
        newest = None if place == BESIDE else _newest_change(records, answer.retrieved_at)
        kept = {"records": records, "newest_change": newest}
        self.spool.add(place, content.total, kept, answer.retrieved_at, answer.validators)


def read_projects(answer: Answer, may_be_empty: bool = False, offset: int = 0) -> _Content:
    """Read an answer of the API, whose first row is the one after `offset`.

    A project that is asked for by its id and not there is a 404 with a good body.

    Raises:
        WrongAnswerError: if the body is nothing, a page for browsers, cut off, an error or no list of projects; and if it
            names a project twice.
    """
    body, total = read_list(answer.body)
    projects = items_of(
        body, total, "projects", offset, may_be_empty, lambda item: item.get("id") or item.get("proj_id")
    )
    return _Content(total, {key: _kept(item) for key, item in projects.items()}, answer)


def _kept(item: Any) -> Any:
    """Drop fields that are not read, among them the names of people; of what is no object only its kind is kept."""
    if isinstance(item, dict):
        return {name: value for name, value in item.items() if name in KEPT}
    return None if item is None else type(item)()


def _newest_change(records: Mapping[str, Any], retrieved_at: datetime) -> str | None:
    """Find the day of the newest change. What is no day, or was yet to come, is passed over: no change is known up to it."""
    days = (day for item in records.values() if (day := real_day(stated_change(item))))
    return max((day for day in days if day <= retrieved_at.date().isoformat()), default=None)


def stated_change(item: Any) -> str:
    """Read what a record states as the day of its last change, by which the API orders; empty where there is nothing."""
    found = re.match(r"\d{4}-\d\d-\d\d", str(item.get(CHANGED, "") if isinstance(item, dict) else ""))
    return found[0] if found else ""


def _check_order(days: Sequence[str]) -> None:
    """Make sure that a page has the newest changes first, and those without a date last.

    Raises:
        UnorderedError: if it has not, or has no dates at all.
    """
    if days and not any(days):
        raise UnorderedError(f"the API gives no {CHANGED}")
    if list(days) != sorted(days, reverse=True):
        raise UnorderedError(f"the API does not keep to the order by {CHANGED}")


def fetch_projects(client: WebClient, spool: Spool, wanted: Wanted, rows: int, progress: Progress) -> Fetcher:
    """Get every page that is not kept already.

    Raises:
        SourceError: if the API does not answer, or not with projects. What came is kept.
    """
    fetcher = Fetcher(client, spool, wanted.query(rows))
    if wanted.projects:
        _fetch_single(fetcher, wanted.projects, progress)
    elif spool.manifest.state is SpoolState.FETCHING:
        is_done = partial(fetcher.reached, wanted.changed_from) if wanted.changed_from else None
        walk = Walk(fetcher.page, int(fetcher.query["rows"]), wanted.limit, is_done)
        for entry in spool.manifest.pages:
            walk.take(Page(entry.offset, list(read_page(spool.folder, entry)["records"]), entry.total or 0))
        walk.progress = progress
        walk.tell(len(walk.seen))  # at once, for what was kept says nothing of the pace
        try:
            walk.to_the_end()
        finally:
            _note(spool, walk.notes)
        for project_id in filter(lambda one: one not in walk.seen, wanted.again):
            fetcher.single(project_id)
        spool.manifest.missing = walk.missing
        if not walk.seen:
            _note(spool, ["the source has no project for this question"])
    spool.mark(SpoolState.COMPLETE)
    return fetcher


def _fetch_single(fetcher: Fetcher, projects: Sequence[str], progress: Progress) -> None:
    """Ask for single projects, one by one; the place of a page is the place of its project among those asked for."""
    for number, project_id in enumerate(projects):
        if number >= len(fetcher.spool.manifest.pages):
            fetcher.single(project_id, number)
        progress(1, len(projects))


def _note(spool: Spool, notes: Sequence[str]) -> None:
    """Keep notes, each once: those of pages that were kept are made again by the run that goes on."""
    spool.manifest.notes = list(dict.fromkeys([*spool.manifest.notes, *notes]))


def ingest_worldbank(
    engine: Engine,
    address: str,
    spool_dir: Path,
    wanted: Wanted,
    fresh: bool = False,
    progress: Progress = unseen,
    open_client: Opener = open_worldbank,
) -> Report:
    """Fetch projects and take them in, in one transaction, as one run.

    Projects that say the same as last time cost no write.

    Raises:
        UnorderedError: if changes are asked for and the API does not keep to their order; nothing is taken in.
        SourceError: if the API does not give them; nothing is taken in, the run is written down as refused, and the
            next one goes on from there.
        SpoolError: if pages cannot be kept, or another run is asking the same.
    """
    adapter = fields.WorldBankApiAdapter()
    query = wanted.query(ROWS) | ({"id": ",".join(wanted.projects)} if wanted.projects else {})
    with ExitStack() as stack:
        with fetching(engine, adapter) as met:
            spool = stack.enter_context(open_spool(spool_dir, SOURCE, address, query, wanted.limit, fresh))
            client = stack.enter_context(open_client(address))
            before = len(spool.manifest.pages)
            try:
                fetcher = fetch_projects(client, spool, wanted, ROWS, progress)
            finally:
                met += map(fields.to_remark, spool.manifest.notes)
        input_sha256 = input_hash([spool.path])
        report = ingest(engine, adapter, [spool.path])
        report.notes[:0] = _story(spool, fetcher, before)
        spool.manifest.input_sha256 = input_sha256
        spool.mark(SpoolState.TAKEN_IN)
    return report


def _story(spool: Spool, fetcher: Fetcher, before: int) -> list[str]:
    """What happened on the way, for the report."""
    pages = f"pages: {fetcher.asked} asked for"
    if spool.resumed:
        pages += f", {before} kept from a run that did not end"
    if fetcher.unchanged:
        pages += f", {fetcher.unchanged} unchanged since the last run"
    newest = spool.manifest.newest_change
    return [
        pages,
        *([f"the newest change that the source tells of: {newest}"] if newest else []),
    ]
