"""Fetches reports of projects from the World Bank's Documents API, and takes in the components that they state."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from db.engine import reading
from db.errors import SourceUnavailableError
from db.ingest.adapters.adapter import RawRecord
from db.ingest.adapters.worldbank_documents import (
    SOURCE,
    TEXTS,
    WorldBankDocumentsAdapter,
    choose,
    to_documents,
    to_remark,
)
from db.ingest.pipeline import fetching, ingest
from db.ingest.report import Report
from db.ingest.sources.answers import items_of, read_list
from db.ingest.sources.paging import Page, Walk
from db.ingest.sources.spool import Spool, SpoolState, open_spool, read_page
from db.ingest.sources.texts import TextStore, fetch_text, text_hash
from db.ingest.sources.validators import Validators
from db.ingest.sources.web import Answer, WebClient, WrongAnswerError
from db.ingest.sources.worldbank import Opener, open_worldbank
from db.moments import now
from db.progress import Progress, unseen
from db.queries.stated_totals import totals_of
from models.extraction.judging import Totals
from models.records import ComponentRecord
from models.words import counted

ROWS = 100
"""Documents of a page: the most that the API gives."""

KEPT = ("id", "display_title", "docdt", "docty", "projectid", "pdfurl", "txturl")
"""The only fields that are asked for and kept; names of authors are in others."""

QUERY: dict[str, str | int] = {"format": "json", "fl": ",".join(KEPT), "srt": "docdt", "order": "desc"}
EXPECTED = "JSON with a total and documents by their ids"
MOST = 20_000
"""A list of more documents is that of all projects: the largest have some thousand."""

GIVE_UP = 5
"""So many texts in a row that nothing answers for, and the run ends."""


@dataclass(frozen=True, slots=True)
class WantedReports:
    """Whose reports are asked for: those of named projects, else of all that concern migration, at most `limit`."""

    projects: tuple[str, ...] = ()
    limit: int | None = None


@dataclass(slots=True)
class Fetcher:
    """Gets the list of a project's reports, and of their texts as many as it takes to find one that can be trusted."""

    client: WebClient
    spool: Spool
    store: TextStore
    lists: int = 0
    texts: int = 0
    kept: int = 0
    others: int = 0
    chosen: int = 0
    failures: int = 0
    resumed: int = 0
    met: list[RawRecord] = field(default_factory=list)
    """What did not come as it should; of a fetch that ends well, the adapter tells of it."""

    def project(self, project_id: str, totals: Totals) -> None:
        """Get what there is of a project and keep it."""
        asked_at = now()
        records, total, notes = self._list(project_id)
        texts: dict[str, dict[str, str]] = {}

        def get(address: str) -> tuple[str | None, str]:
            text, problem = self._text(address)
            texts[address] = {"problem": problem} if text is None else {"sha256": text_hash(text)}
            if text is None:
                fields = {"project_id": project_id}
                self.met.append(RawRecord(address[:500], ComponentRecord, fields, passed_over=problem))
            return text, problem

        choice = choose(project_id, to_documents(project_id, records), totals, get)
        chosen = choice.chosen is not None
        content = {"project_id": project_id, "records": records, "texts": texts, "notes": notes, "chosen": chosen}
        self.count(content)
        self.spool.add(len(self.spool.manifest.pages), total, content, asked_at, Validators())

    def count(self, page: Mapping[str, Any]) -> None:
        """Count a project's page for the report, whether it came now or was kept."""
        records = page["records"]
        self.others += len(records) - len(to_documents(page["project_id"], records))
        self.chosen += page["chosen"]

    def _list(self, project_id: str) -> tuple[dict[str, Any], int, list[str]]:
        found: dict[str, Any] = {}

        def ask(offset: int, may_be_empty: bool) -> Page:
            def read(answer: Answer) -> tuple[dict[str, Any], int]:
                if may_be_empty and not answer.body.strip():
                    return {}, len(found)
                return read_documents(answer, may_be_empty, offset)

            params = {**QUERY, "projectid": project_id, "rows": ROWS, "os": offset}
            records, total = self.client.get(params, read, EXPECTED)
            self.lists += 1
            found.update(records)
            return Page(offset, list(records), total)

        walk = Walk(ask, ROWS)
        try:
            walk.to_the_end()
        finally:
            self.met += [to_remark(project_id, note) for note in walk.notes]
        return found, walk.total or 0, walk.notes

    def _text(self, address: str) -> tuple[str | None, str]:
        """Get a text. One that does not come is told of; only where nothing comes any more the run ends."""
        if not self.client.may_ask(address):
            return None, f"the text is not on {self.client.hosts}: not asked for"
        before = self.store.find(address) is not None
        try:
            text, problem = fetch_text(self.client, self.store, address)
        except SourceUnavailableError as error:
            self.failures += 1
            if error.rest or self.failures >= GIVE_UP:
                raise
            return None, str(error).removeprefix(f"{address} ")
        self.failures = 0
        self.kept += before
        self.texts += not before
        return text, problem


def read_documents(answer: Answer, may_be_empty: bool, offset: int) -> tuple[dict[str, Any], int]:
    """Read a list of documents, whose first row is the one after `offset`, and their total.

    Raises:
        WrongAnswerError: if the body is no such list, or one of more documents than any one project has.
    """
    body, total = read_list(answer.body)
    if total > MOST:
        raise WrongAnswerError(f"a total of {total:,}, more than the documents of any one project")
    documents = items_of(body, total, "documents", offset, may_be_empty, lambda item: item.get("id"))
    return {key: _kept(item) for key, item in documents.items()}, total


def _kept(item: Any) -> dict[str, Any]:
    return {name: item[name] for name in KEPT if name in item} if isinstance(item, dict) else {}


def ingest_documents(
    engine: Engine,
    address: str,
    spool_dir: Path,
    wanted: WantedReports,
    progress: Progress = unseen,
    open_client: Opener = open_worldbank,
) -> Report:
    """Ask for reports of stored projects, read their components, and take the lists in, in one transaction.

    Raises:
        NotFoundError: if a named project is not stored.
        SourceError: if the API gives no lists, or no text comes any more; nothing is taken in, the run is written down as
            refused, and what came is kept.
        SpoolError: if answers cannot be kept, or another run is asking the same.
    """
    with reading(engine) as connection:
        totals = totals_of(connection, wanted.projects, wanted.limit)
    query = {**QUERY, "rows": ROWS, "projects": ",".join(wanted.projects)}
    adapter, store = WorldBankDocumentsAdapter(totals), TextStore(spool_dir / SOURCE / TEXTS)

    def whole(page: Mapping[str, Any]) -> bool:
        return all(store.has(address, known["sha256"]) for address, known in page["texts"].items() if "sha256" in known)

    with ExitStack() as stack:
        with fetching(engine, adapter) as met:
            spool = stack.enter_context(open_spool(spool_dir, SOURCE, address, query, wanted.limit, whole=whole))
            fetcher = Fetcher(stack.enter_context(open_client(address)), spool, store, met=met)
            fetch_reports(fetcher, totals, progress)
        report = ingest(engine, adapter, [spool.path])
        report.notes[:0] = _story(fetcher, totals)
        spool.mark(SpoolState.TAKEN_IN)
    return report


def fetch_reports(fetcher: Fetcher, totals: Mapping[str, Totals], progress: Progress) -> None:
    """Get the reports of every project that is not kept already by a run that did not end."""
    spool = fetcher.spool
    done = set()
    for page in (read_page(spool.folder, entry) for entry in spool.manifest.pages):
        done.add(page["project_id"])
        if page["project_id"] in totals:
            fetcher.resumed += 1
            fetcher.count(page)
    progress(fetcher.resumed, len(totals))
    for project_id, known in totals.items():
        if project_id not in done:
            fetcher.project(project_id, known)
            progress(1, len(totals))
    spool.mark(SpoolState.COMPLETE)


def _story(fetcher: Fetcher, totals: Mapping[str, Totals]) -> list[str]:
    """What happened on the way, for the report."""
    if not totals:
        return ["no stored project concerns migration: load projects first"]
    resumed = f", {fetcher.resumed} of them kept from a run that did not end" if fetcher.resumed else ""
    return [
        f"projects: {len(totals)}{resumed}; a list was chosen for {fetcher.chosen}",
        f"asked for: {counted(fetcher.lists, 'page')} of lists, {counted(fetcher.texts, 'text')}; here already: {fetcher.kept:,}",
        f"documents of other kinds, not looked at: {fetcher.others}",
    ]
