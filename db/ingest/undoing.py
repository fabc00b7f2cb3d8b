"""Undoes the work of a run, but for the list of what it refused."""

import json
import tempfile
from itertools import islice

from sqlalchemy import Connection, NestedTransaction, select

from db import tables
from db.store import BATCH, insert_rows


def undo_but_rejections(connection: Connection, attempt: NestedTransaction, run_id: int) -> None:
    """Roll back to where an attempt began, and write down again what the run refused.

    The list waits in a file meanwhile, for it can be as long as the input.
    """
    table = tables.rejected_record
    columns = [column for column in table.columns if column.name != "rejected_id"]
    query = select(*columns).where(table.c.run_id == run_id).order_by(table.c.rejected_id)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as kept:
        for row in connection.execute(query.execution_options(yield_per=BATCH)).mappings():
            kept.write(json.dumps(dict(row)) + "\n")
        attempt.rollback()
        kept.seek(0)
        while lines := list(islice(kept, BATCH)):
            insert_rows(connection, table, [json.loads(line) for line in lines])
