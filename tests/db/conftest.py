"""A source of made-up projects and reports, and how reports are read from it; a module may read in its own way."""

import pytest

from tests.data.export_helpers import adds_up
from tests.data.fake_documents import load_projects, run
from tests.data.fake_worldbank import running


@pytest.fixture
def api(request):
    """A server with as many projects as the module's COUNT says."""
    with running(getattr(request.module, "COUNT", 0)) as fake:
        yield fake


@pytest.fixture
def fetch(engine, api, tmp_path):
    """Read reports on a database that knows two projects that concern migration."""
    load_projects(engine)

    def start(*projects, **options):
        api.requests.clear()
        report = run(engine, api, tmp_path / "spool", projects, **options)
        assert adds_up(report)
        return report

    return start
