# Two stages: dependencies change seldom, code often, so they lie in layers of their own.
FROM python:3.11-slim AS dependencies
COPY requirements/run.txt /tmp/run.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/run.txt

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin app
WORKDIR /srv/app
COPY --from=dependencies /opt/venv /opt/venv
COPY alembic.ini ./
COPY README.md CHANGELOG.md CONTRIBUTING.md LICENSE CITATION.cff ./
COPY docs ./docs
COPY data ./data
COPY models ./models
COPY db ./db
COPY api ./api
# Compiled once: the user below may not keep what each start would compile anew.
RUN /opt/venv/bin/python -m compileall -q models db api
RUN mkdir var && chown app:app var
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8000
USER app
EXPOSE 8000
# The SQLite file lives here unless DATABASE_URL names another database.
VOLUME /srv/app/var
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/readyz', timeout=4)"]
CMD ["python", "-m", "api", "serve"]
