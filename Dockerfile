# The emulator: `docker build --tag ringback-emulator .`, as docs/emulator.md goes on.
# Slim rather than Alpine: lameenc, which writes recordings as MP3, has no wheels for musl.
FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY spec/twiml spec/twiml
COPY src src
RUN pip wheel --no-cache-dir --wheel-dir /wheels '.[emulator]'

FROM python:3.12-slim
# The voice on recordings; without it there are tones.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends espeak-ng \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --no-index --find-links /wheels 'ringback[emulator]' \
    && rm -r /wheels \
    && useradd --uid 1000 emulator \
    && install --directory --owner emulator /state
USER emulator
VOLUME /state
EXPOSE 4010
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:4010/_emulator/')"]
ENTRYPOINT ["ringback", "emulator", "--host", "0.0.0.0"]
CMD ["--name", "emulator", "--any-host"]
