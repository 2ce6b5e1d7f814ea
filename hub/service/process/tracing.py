"""Traces (OpenTelemetry), from a request to the wire. There are none unless somebody is to get them.

Spans hold words of ours and of the configuration, and keys of targets; never the address that was called, a body, a
name, or the text of an error.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, StatusCode, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from hub.errors import RefusedError
from hub.model.plan import TargetKey

FOLLOWED = ("traceparent", "tracestate")
"""The headers by which a trace is followed (W3C Trace Context)."""
_REMEMBERED = 50_000
"""Targets whose last change is known by its span; the eldest is forgotten."""
_SOON_SECONDS = 60.0
"""What is carried later is a trace of its own, linked to the request: a light next week lengthens none."""
_FLUSH_MILLISECONDS = 3000
_W3C = TraceContextTextMapPropagator()


class Tracing:
    """Makes spans, and remembers for a while which request changed what."""

    def __init__(
        self,
        provider: TracerProvider,
        *,
        close: Callable[[], None] = lambda: None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tracer = provider.get_tracer("knutpunkt", version("knutpunkt"))
        self.close = close
        """Send what is left; blocks for some seconds at most."""
        self._seconds = seconds
        self._changed: OrderedDict[tuple[str, str, str], tuple[SpanContext, float]] = OrderedDict()

    def request(self, method: str, headers: Mapping[str, str]) -> AbstractContextManager[Span]:
        """The span of a request, in its caller's trace when that was told."""
        return self._span(method, SpanKind.SERVER, parent=_W3C.extract(headers))

    def changed(self, municipality: str, targets: Iterable[TargetKey]) -> None:
        """The request in hand has changed what these should be: their next carrying belongs to it."""
        here = trace.get_current_span().get_span_context()
        if not here.is_valid:
            return
        for target in targets:
            self._changed[municipality, target.connection, target.key] = here, self._seconds()
            self._changed.move_to_end((municipality, target.connection, target.key))
        while len(self._changed) > _REMEMBERED:
            self._changed.popitem(last=False)

    def carrying(self, municipality: str, connection: str, key: str) -> AbstractContextManager[Span]:
        """The span of a carrying, within that of the request that changed its target; after a while linked to it."""
        cause, at = self._changed.get((municipality, connection, key), (None, 0.0))
        if cause is None:
            return self._span("carry", SpanKind.INTERNAL, parent=Context())
        if self._seconds() - at > _SOON_SECONDS:
            return self._span("carry", SpanKind.INTERNAL, parent=Context(), links=[Link(cause)])
        return self._span("carry", SpanKind.INTERNAL, parent=trace.set_span_in_context(NonRecordingSpan(cause)))

    @contextmanager
    def call(self, method: str, headers: MutableMapping[str, str]) -> Iterator[Span]:
        """The span of a call to a system, which is told of it in its headers."""
        with self._span(method, SpanKind.CLIENT) as span:
            _W3C.inject(headers)
            yield span

    @contextmanager
    def _span(
        self, name: str, kind: SpanKind, *, parent: Context | None = None, links: Iterable[Link] = ()
    ) -> Iterator[Span]:
        with self._tracer.start_as_current_span(
            name, context=parent, kind=kind, links=tuple(links), record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except BaseException as error:
                failed(span, type(error).__name__)
                raise


def failed(span: Span, kind: str) -> None:
    """It went wrong; what kind of thing it was is told, and no text."""
    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)


def sent_to(url: str) -> Tracing:
    """Traces that are sent to a collector, by OTLP over HTTP.

    Raises:
        RefusedError: what sends them is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - likewise
        from opentelemetry.sdk.trace import TracerProvider as Provider  # noqa: PLC0415 - likewise
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - likewise
    except ImportError as error:
        msg = f"traces need an extra ({error.name} is not there): pip install 'knutpunkt[otel]'"
        raise RefusedError("extra-missing", msg) from None
    about = {"service.name": "knutpunkt", "service.version": version("knutpunkt")}
    provider = Provider(resource=Resource.create(about))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url, timeout=_FLUSH_MILLISECONDS / 1000)))

    def close() -> None:
        provider.force_flush(_FLUSH_MILLISECONDS)
        provider.shutdown()

    return Tracing(provider, close=close)
