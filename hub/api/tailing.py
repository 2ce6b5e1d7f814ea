"""Answering line by line while the request is still coming in, to callers that read only when they have sent all.

Such a caller and a server that waits to be read would wait for each other for ever. So what is not read yet is kept: in
memory while it is little, on disk when it is much.
"""

import asyncio
from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_IN_MEMORY_BYTES = 1_000_000
_CHUNK_BYTES = 65_536


class TailingResponse(Response):
    """Produces text in a task of its own, and sends what there is as fast as the caller takes it."""

    def __init__(self, lines: AsyncIterator[str], *, media_type: str) -> None:
        super().__init__(None, 200, media_type=media_type)
        del self.headers["content-length"]
        self._lines = lines
        self._more = asyncio.Event()
        self._written = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        with SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as kept:
            producing = asyncio.create_task(self._produce(kept))
            try:
                sent = 0
                while not producing.done() or sent < self._written:
                    if sent == self._written:
                        await self._more.wait()
                        self._more.clear()
                        continue
                    kept.seek(sent)
                    chunk = kept.read(min(_CHUNK_BYTES, self._written - sent))
                    sent += len(chunk)
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await producing
            finally:
                producing.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _produce(self, kept: "SpooledTemporaryFile[bytes]") -> None:
        try:
            async for text in self._lines:
                kept.seek(self._written)
                self._written += kept.write(text.encode())
                self._more.set()
        finally:
            self._more.set()
