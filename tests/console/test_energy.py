"""The page of a month in light and heat, as a browser gets it."""

import re
from datetime import timedelta
from typing import Any

import httpx
from lxml import etree

from hub.console import pages
from hub.model.energy import MonthOfEnergy
from hub.planner.lasting import Month
from hub.service.keeping.keys import Scope
from hub.service.words.saying import Language
from tests.console.test_board import key_of
from tests.live import NOON, TOWN, Live

SUM = {"on": "14.25", "by_hand": "0.50", "booked": "10.00", "difference": "4.25", "unbooked": "4.75"}
NOTHING = dict.fromkeys(SUM, "0.00")
HALL: dict[str, Any] = {
    "facility": "hall",
    "name": "Hallen <norr>",
    "zones": [SUM | {"zone": "court-1", "capability": "lighting", "kwh": "12.500"}],
    "lit": SUM,
    "heated": NOTHING,
    "kwh": "120.000",
}


def a_month(*facilities: dict[str, Any], whole: bool = True) -> MonthOfEnergy:
    told = {"month": "2026-11", "from": NOON, "to": NOON + timedelta(days=1), "whole": whole}
    return MonthOfEnergy.model_validate(told | {"facilities": facilities})


def a_page(month: MonthOfEnergy, language: Language = "sv", *, later: Month | None = None) -> str:
    return pages.energy(TOWN, "Provköping", month, later=later, language=language)


def cells(page: str) -> list[list[str]]:
    """The rows of its tables."""
    rows = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    return [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in rows]


def test_a_manager_reads_the_numbers_in_a_table_and_what_the_picture_shows() -> None:
    page = a_page(a_month(HALL))
    head, court, light, heat = cells(page)
    assert head == ["Zon", "Slag", "Tänd, värmd", "För hand", "Bokad", "Skillnad", "För ingen", "kWh"]
    assert court == ["court-1", "Ljus", "14,25", "0,50", "10,00", "4,25", "4,75", "12,500"]
    assert light == ["Allt ljus", "14,25", "0,50", "10,00", "4,25", "4,75", ""]
    assert heat[:2] == ["All värme", "0,00"]
    assert "120,000 kWh" in page
    (alt,) = re.findall(r'<img [^>]*alt="([^"]*)"', page)
    assert alt.startswith("Hallen &lt;norr&gt;: timmar tänd eller värmd")
    assert "gallrats" not in page


def test_it_is_read_in_english_too_and_says_when_it_is_not_whole() -> None:
    page = a_page(a_month(HALL, whole=False), "en")
    assert cells(page)[1][1:3] == ["Light", "14.25"]
    assert "The month is not over" in page
    assert "No zones with a connection" in a_page(a_month(), "en")


def test_it_leads_to_the_months_beside_it_and_not_to_one_that_has_not_begun() -> None:
    page = a_page(a_month(HALL))
    assert 'href="?month=2026-10&amp;lang=sv" rel="prev"' in page
    assert 'rel="next"' not in page
    assert 'href="?month=2026-12&amp;lang=sv" rel="next"' in a_page(a_month(HALL), later=Month(2026, 12))


def test_the_picture_says_what_the_table_does_and_runs_and_fetches_nothing() -> None:
    (hall,) = a_month(HALL).facilities
    drawn = pages.energy_chart(hall, "2026-11", "sv")
    picture = etree.fromstring(drawn)
    texts = {"".join(each.itertext()) for each in picture.iter("{*}text", "{*}title")}
    assert {"Hallen <norr> 2026-11, timmar", "court-1"} <= texts
    assert any(text.startswith("Tänd") for text in texts)
    assert list(picture.iter("{*}script", "{*}image", "{*}use", "{*}foreignObject")) == []
    assert not re.findall(rb"url\(|@import|(?<!=\")https?://", drawn)
    bars = [each for each in picture.iter("{*}rect") if "tooltip-trigger" in each.get("class", "")]
    booked, lit = sorted(float(each.get("width", "0")) for each in bars)
    assert round(lit / booked, 2) == 1.43, "14.25 to 10"


def test_a_hub_that_runs_shows_page_picture_and_table(live: Live) -> None:
    with httpx.Client(base_url=live.url, auth=("", live.key), trust_env=False) as browser:
        assert f'href="/console/{TOWN}/energy?lang=en"' in browser.get(f"/console/{TOWN}?lang=en").text
        page = browser.get(f"/console/{TOWN}/energy?lang=en")
        assert "Light and heat 2026-11" in page.text
        assert page.headers["content-security-policy"].endswith("img-src 'self'")
        assert not re.findall(r"<script|style=|https?://", page.text)
        (first, *_) = re.findall(r'<img class="chart" src="([^"]+)"', page.text)
        picture = browser.get(first.replace("&amp;", "&"))
        assert picture.headers["content-type"] == "image/svg+xml"
        assert picture.headers["content-security-policy"].startswith("default-src 'none'")
        table = browser.get(f"/console/{TOWN}/energy.csv?month=2026-11").text
        assert table.startswith("month;facility;zone;")
        assert browser.get(f"/console/{TOWN}/energy/nowhere.svg").status_code == 404
        assert "2026-11" in browser.get(f"/console/{TOWN}/energy?month=2027-01").text, "what has not begun is now"
    bearer = {"Authorization": f"Bearer {live.key}"}
    api = httpx.get(f"{live.url}/v1/{TOWN}/figures/energy.csv", headers=bearer, trust_env=False)
    assert (api.status_code, api.text) == (200, table)


def test_no_page_is_for_whoever_has_no_key_of_the_municipality(live: Live) -> None:
    other = ("", key_of(live, "0180", Scope.OPERATOR))
    for path in ("energy", "energy.csv", "energy/tennishallen.svg"):
        assert httpx.get(f"{live.url}/console/{TOWN}/{path}", trust_env=False).status_code == 401
        assert httpx.get(f"{live.url}/console/{TOWN}/{path}", auth=other, trust_env=False).status_code == 403
