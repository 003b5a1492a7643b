# docker build -t claude-usage .
# docker run --read-only --tmpfs /tmp --cap-drop ALL --env-file .env -v claude-usage:/data -p 3000:3000 claude-usage
FROM python:3.12-slim AS build
# The environment gets no pip of its own: nothing in the running container can install anything.
RUN python -m venv --without-pip /opt/claude-usage
WORKDIR /build
# Dependencies first: a change of the code alone does not install them again.
COPY requirements.lock ./
RUN pip --python /opt/claude-usage/bin/python install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot ./bot
RUN pip --python /opt/claude-usage/bin/python install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM python:3.12-slim
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin bot \
    && install --directory --owner=bot --group=bot /data \
    && rm -r /usr/local/bin/pip* /usr/local/lib/python3*/site-packages/pip* /usr/local/lib/python3*/ensurepip
COPY --from=build /opt/claude-usage /opt/claude-usage
# The root file system is read-only: no bytecode is written, and what needs a home finds /tmp.
ENV PATH=/opt/claude-usage/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    HOST=0.0.0.0 \
    PORT=3000
# By number, so that an orchestrator can see it is not root.
USER 10001:10001
# Where the SQLite file is, unless DATABASE_URL or DATABASE_URL_FILE says otherwise.
WORKDIR /data
VOLUME /data
EXPOSE 3000
# Past any HTTP_PROXY: the question is whether this container works, not the proxy.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os; from urllib.request import ProxyHandler, build_opener; build_opener(ProxyHandler({})).open('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=4)"]
ENTRYPOINT ["claude-usage"]
CMD ["run"]
