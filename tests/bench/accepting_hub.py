"""The real hub, whose worker looks for work and takes none: what is measured is accepting, not sending."""

import sys
from dataclasses import replace
from pathlib import Path

from hub.api.gathered import GatheredHttp
from hub.app import Hub
from hub.cli.process import calm_collector
from hub.model.finance import Billing
from hub.settings import Pulse, Settings
from tests.bench import town
from tests.bench.endpoint import serve

LATER = Billing.AFTER_LAST_OCCASION
"""A line is written now; the invoice is made when the occasion is over, and is not what is measured."""


class AcceptingHub(Hub):
    """Plans a line to be invoiced for each booking, though the town's folder names nobody who takes invoices."""

    def __init__(self, folder: Path, database: str, *, invoices: bool) -> None:
        super().__init__(Settings(database=database, pulse=Pulse(batch=0)), [folder / "town"])
        self._invoices = invoices

    async def start(self) -> None:
        await super().start()
        calm_collector()
        if self._invoices:
            known = self.rulebook.town(town.KEY)
            billing = {
                kind: rule._replace(connection=town.LEDGER, when=LATER) for kind, rule in known.rules.billing.items()
            }
            self.rulebook._towns[town.KEY] = replace(known, rules=replace(known.rules, billing=billing))


def main() -> None:
    """Serve a town's folder with a database at a port."""
    folder, database, port, invoices = sys.argv[1:]
    serve(AcceptingHub(Path(folder), database, invoices=invoices == "True").web(), int(port), by=GatheredHttp)


if __name__ == "__main__":
    main()
