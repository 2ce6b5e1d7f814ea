"""A file's entries as lines of an import, and the answers to those lines as answers to the places in the file."""

from collections.abc import Iterable, Iterator, Sequence

from hub.calendars.entries import Entry
from hub.model.answers import FieldProblem, ImportLine, ImportSummary, ProblemDetails

_CODE = "invalid-booking"


def as_lines(entries: Iterable[Entry]) -> Iterator[bytes]:
    """A line of NDJSON for each entry; a blank one, which is counted and not answered, where it has faults."""
    for entry in entries:
        yield (entry.booking or b"") + b"\n"


class Answers:
    """Puts answers where they belong: each at its line of the file, and the refused entries between them."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries, self._told = entries, 0

    def of(self, answer: ImportLine | ImportSummary) -> Iterator[ImportLine | ImportSummary]:
        """The answers to tell when this one came; answers come in order, and the summary last."""
        if isinstance(answer, ImportSummary):
            yield from self._refused(len(self._entries))
            refused = sum(1 for entry in self._entries if entry.booking is None)
            counts = {"lines": answer.lines + refused, "rejected": answer.rejected + refused}
            yield answer.model_copy(update=counts)
            return
        yield from self._refused(answer.line - 1)
        self._told = answer.line
        entry = self._entries[answer.line - 1]
        yield answer.model_copy(update={"line": entry.line, "number": entry.number})

    def _refused(self, until: int) -> Iterator[ImportLine]:
        for entry in self._entries[self._told : until]:
            if entry.booking is None:
                yield refusal(entry)
        self._told = until


def refusal(entry: Entry) -> ImportLine:
    """The answer to an entry with faults."""
    faults = tuple(FieldProblem(pointer="", code=fault.code, detail=str(fault)) for fault in entry.faults)
    problem = ProblemDetails(
        type=f"urn:knutpunkt:problem:{_CODE}",
        title="The booking has faults",
        status=422,
        code=_CODE,
        detail=f"{entry.name}: correct it in the system that it comes from, and send the file again",
        errors=faults,
    )
    return ImportLine(line=entry.line, number=entry.number, outcome="rejected", problem=problem)
