"""Alert rules and dashboard: of metrics that there are, in Prometheus' own language, and warning when they should."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from hub.service.process.meters import Meters
from tests.api.test_figures import registered
from tests.conftest import MISSING

DOCKER = Path(__file__).parents[2] / "docker"
ALERTS = DOCKER / "alerts.yaml"
METRIC = re.compile(r"\b((?:knutpunkt|process)_\w+)(?:\{([^}]*)\})?")
OF_PROMETHEUS = {"job", "instance", "le"}
"""Labels that it gives itself, or to the buckets of a histogram."""


class Expression(NamedTuple):
    """Where one stands, and what it says."""

    place: str
    text: str


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DOCKER / "dashboard.json").read_text(encoding="utf-8"))
    return found


def shown() -> Iterator[Expression]:
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            yield Expression(panel["title"], target["expr"])


def expressions() -> list[Expression]:
    return [*(Expression(rule["alert"], rule["expr"]) for rule in rules()), *shown()]


def known() -> dict[str, set[str]]:
    """Labels by every name that a sample may have."""
    names: dict[str, set[str]] = {}
    for name, (kind, labels) in registered().items():
        endings = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        names |= {f"{name}{ending}": labels for ending in endings}
    samples = (sample.name for family in Meters().registry.collect() for sample in family.samples)
    return names | {name: set() for name in samples if name.startswith("process_")}


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip(f"{MISSING} prometheus")
    return found


def ran(*words: str | Path, sent: str | None = None) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False, input=sent)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("expression", [pytest.param(one, id=one.place) for one in expressions()])
def test_every_metric_and_label_that_is_asked_for_is_there(expression: Expression) -> None:
    found, names = METRIC.findall(expression.text), known()
    assert found or expression.text.startswith("absent(up")
    for name, conditions in found:
        assert name in names, f"{name}: nobody tells it"
        asked = set(re.findall(r"(\w+)\s*[=!]", conditions))
        assert asked <= names[name] | OF_PROMETHEUS, f"{name} has no label {asked - names[name]}"
    by = {label for listed in re.findall(r"\bby \(([^)]*)\)", expression.text) for label in listed.split(", ")}
    labels = set().union(*(names[name] for name, _ in found)) if found else set()
    assert by <= labels | OF_PROMETHEUS


def test_every_metric_of_ours_is_shown() -> None:
    asked = {name for one in expressions() for name, _ in METRIC.findall(one.text)}
    names = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked} | asked
    assert set(registered()) - names == set()


def test_the_municipality_is_chosen_from_those_that_there_are() -> None:
    (chosen,) = [one for one in dashboard()["templating"]["list"] if one["name"] == "municipality"]
    name, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", chosen["definition"]).groups()  # type: ignore[union-attr]
    assert label in known()[name]


def test_every_alert_says_what_and_what_to_do() -> None:
    for rule in rules():
        assert set(rule["annotations"]) == {"summary", "remedy"}
        assert rule["labels"]["severity"] in {"page", "ticket"}


def test_prometheus_takes_the_rules_and_the_configuration(promtool: str, tmp_path: Path) -> None:
    ran(promtool, "check", "rules", ALERTS)
    shutil.copy(ALERTS, tmp_path)
    (tmp_path / "key").write_text("kp_x")
    text = (DOCKER / "prometheus.yaml").read_text(encoding="utf-8")
    (tmp_path / "prometheus.yaml").write_text(text.replace("/run/secrets/knutpunkt_metrics_key", f"{tmp_path}/key"))
    assert 'job="knutpunkt"' in next(rule["expr"] for rule in rules() if rule["alert"] == "KnutpunktIsDown")
    assert [job["job_name"] for job in yaml.safe_load(text)["scrape_configs"]] == ["knutpunkt"]
    ran(promtool, "check", "config", tmp_path / "prometheus.yaml")


def test_prometheus_understands_every_panel(promtool: str, tmp_path: Path) -> None:
    recorded = [
        {"record": f"panel_{number}", "expr": one.text.replace("$municipality", ".*")}
        for number, one in enumerate(shown())
    ]
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}))
    assert f"{len(recorded)} rules found" in ran(promtool, "check", "rules", file)


# ---- when they warn

TOWN = 'municipality="2480"'
LOCKS = f'{TOWN}, connection="locks"'
LATE = "knutpunkt_lateness_seconds"
ANSWERS = "knutpunkt_http_requests_total"
FIRES: dict[str, dict[str, str]] = {
    "KnutpunktIsDown": {'up{job="knutpunkt"}': "0x400"},
    "KnutpunktCarriesNothing": {f"knutpunkt_oldest_due_seconds{{{TOWN}}}": "121x400"},
    "KnutpunktRevokeFails": {f"knutpunkt_oldest_unconfirmed_revoke_seconds{{{TOWN}}}": "901x400"},
    "KnutpunktIsLate": {
        f'{LATE}_count{{{TOWN}, kind="dim"}}': "0+1x400",
        f'{LATE}_bucket{{{TOWN}, kind="dim", le="60.0"}}': "0x400",
    },
    "KnutpunktRefusedByASystem": {f'knutpunkt_problems_open{{{TOWN}, code="credentials"}}': "1x400"},
    "KnutpunktGateShut": {f"knutpunkt_gate_shut{{{LOCKS}}}": "1x400"},
    "KnutpunktStuck": {f'knutpunkt_deliveries{{{TOWN}, kind="dim", delivery="stuck"}}': "1x400"},
    "KnutpunktProblemLasts": {f'knutpunkt_problems_open{{{TOWN}, code="rejected"}}': "1x400"},
    "KnutpunktPaused": {f"knutpunkt_connection_paused{{{LOCKS}}}": "1x400"},
    "KnutpunktOrphanedGrants": {f"knutpunkt_orphaned_grants{{{LOCKS}}}": "2x400"},
    "KnutpunktFeedLags": {"knutpunkt_feed_lag_seconds": "61x400"},
    "KnutpunktSubscribersWait": {f"knutpunkt_webhook_oldest_seconds{{{TOWN}}}": "901x400"},
    "KnutpunktQuarantine": {f"knutpunkt_intake_quarantined{{{TOWN}}}": "3x900"},
    "KnutpunktInvoiceWaits": {f"knutpunkt_oldest_unsent_invoice_seconds{{{TOWN}}}": "172801x400"},
    "KnutpunktDocumentsWait": {f'knutpunkt_problems_open{{{TOWN}, code="unregistered-documents"}}': "1x400"},
    "KnutpunktAnswersWithFaults": {
        f'{ANSWERS}{{method="PUT", route="/v1", status="500"}}': "0+2x400",
        f'{ANSWERS}{{method="PUT", route="/v1", status="202"}}': "0+98x400",
    },
    "KnutpunktCommitsSlowly": {
        'knutpunkt_group_commit_seconds_bucket{le="0.25"}': "0+98x400",
        'knutpunkt_group_commit_seconds_bucket{le="1.0"}': "0+100x400",
        'knutpunkt_group_commit_seconds_bucket{le="+Inf"}': "0+100x400",
    },
}
"""By which samples, one a minute, each alert fires."""
WELL = {
    'up{job="knutpunkt"}': "1x900",
    f"knutpunkt_oldest_due_seconds{{{TOWN}}}": "3x900",
    f"knutpunkt_oldest_unconfirmed_revoke_seconds{{{TOWN}}}": "0x900",
    f'{LATE}_count{{{TOWN}, kind="dim"}}': "0+5x900",
    f'{LATE}_bucket{{{TOWN}, kind="dim", le="60.0"}}': "0+5x900",
    f"knutpunkt_gate_shut{{{LOCKS}}}": "0x900",
    f"knutpunkt_connection_paused{{{LOCKS}}}": "0x900",
    f"knutpunkt_orphaned_grants{{{LOCKS}}}": "0x900",
    f'knutpunkt_deliveries{{{TOWN}, kind="dim", delivery="confirmed"}}': "9x900",
    f'knutpunkt_deliveries{{{TOWN}, kind="dim", delivery="awaiting_user"}}': "1x900",
    "knutpunkt_feed_lag_seconds": "0x900",
    f"knutpunkt_webhook_oldest_seconds{{{TOWN}}}": "20x900",
    f"knutpunkt_intake_quarantined{{{TOWN}}}": "0x900",
    f"knutpunkt_oldest_unsent_invoice_seconds{{{TOWN}}}": "3600x900",
    f"knutpunkt_oldest_unregistered_document_seconds{{{TOWN}}}": "60x900",
    f'{ANSWERS}{{method="PUT", route="/v1", status="202"}}': "0+98x900",
    f'{ANSWERS}{{method="PUT", route="/v1", status="404"}}': "0+5x900",
    'knutpunkt_group_commit_seconds_bucket{le="0.25"}': "0+100x900",
    'knutpunkt_group_commit_seconds_bucket{le="+Inf"}': "0+100x900",
}
"""A quiet day."""


def fired(promtool: str, folder: Path, series: dict[str, str], at: str) -> set[str]:
    """Which alerts fire at a time, after those samples."""
    asked = {
        "rule_files": [str(ALERTS)],
        "tests": [{
            "interval": "1m",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "promql_expr_test": [{
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})', "eval_time": at,
                "exp_samples": [{"labels": '{alertname="none"}', "value": 1}],
            }],
        }],
    }  # fmt: skip
    file = folder / "asked.yaml"
    file.write_text(yaml.safe_dump(asked))
    told = subprocess.run([promtool, "test", "rules", file], capture_output=True, text=True, check=False)
    (got,) = re.findall(r"got:(.*)", told.stdout + told.stderr)
    return set(re.findall(r'alertname="(\w+)"', got))


def test_on_a_quiet_day_nothing_is_warned_of(promtool: str, tmp_path: Path) -> None:
    assert fired(promtool, tmp_path, WELL, "14h") == set()


@pytest.mark.parametrize("alert", [rule["alert"] for rule in rules()])
def test_an_alert_fires_by_what_it_is_about_and_none_other_does(promtool: str, tmp_path: Path, alert: str) -> None:
    at = "13h" if "Quarantine" in alert else "5h"
    found = fired(promtool, tmp_path, WELL | FIRES[alert], at)
    also = {"KnutpunktProblemLasts"} if alert in {"KnutpunktRefusedByASystem", "KnutpunktDocumentsWait"} else set()
    assert found == {alert} | also
