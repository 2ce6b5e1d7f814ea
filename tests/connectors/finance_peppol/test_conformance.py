from datetime import timedelta

from connectors.finance_peppol import PeppolFinance
from connectors.finance_peppol.simulator import AccessPoint
from hub.conformance import conformance

TestPeppolFinance = conformance(PeppolFinance, AccessPoint, patience=timedelta(seconds=0.4))
