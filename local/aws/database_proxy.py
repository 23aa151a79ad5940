"""What stands before the database on AWS: TLS, and a host's name, in front of a Postgres that has neither."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.aws.certificates import Certificate

# How a client of Postgres asks for TLS, and what it is answered.
# https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
YES = b"S"
CHUNK_BYTES = 64 * 1024
STARTED_SECONDS_MAX = 10


@contextmanager
def database_proxy(postgres: Path, certificate: Certificate) -> Iterator[int]:
    """Its port on the loopback; `postgres` is the server's socket. Who does not ask for TLS is turned away."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.certificate, certificate.key)
    ports: list[int] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stopping = asyncio.Event()

    async def serve() -> None:
        server = await asyncio.start_server(
            lambda reader, writer: _relay(reader, writer, postgres, context), "127.0.0.1", 0
        )
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        await stopping.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, name="database-proxy")
    thread.start()
    try:
        if not ready.wait(STARTED_SECONDS_MAX):
            raise TimeoutError("the database's proxy did not start")
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join()


async def _relay(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, postgres: Path, context: ssl.SSLContext
) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        if await reader.readexactly(len(SSL_REQUEST)) == SSL_REQUEST:
            writer.write(YES)
            await writer.start_tls(context)
            server_reader, server_writer = await asyncio.open_unix_connection(str(postgres))
            await asyncio.gather(_copy(reader, server_writer), _copy(server_reader, writer))
    writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """All that is read, until there is no more; then the other side is told so."""
    try:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                writer.write(chunk)
                await writer.drain()
    finally:
        writer.close()
