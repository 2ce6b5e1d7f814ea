from connectors.population_navet_changes import NavetChanges
from connectors.population_navet_changes.simulator import ChangesExports
from hub.conformance import conformance

TestNavetChanges = conformance(NavetChanges, ChangesExports)
