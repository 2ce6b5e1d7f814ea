"""What operators see and do: readiness, resources, deliveries, problems, connections, figures."""

from datetime import timedelta

from prometheus_client.parser import text_string_to_metric_families

from hub.service.keeping.keys import EVERY_MUNICIPALITY, Scope
from tests.api.site import Site
from tests.builders import SATURDAY, raw_booking
from tests.delivery.fakes import Fault
from tests.delivery.harness import PIN, hour


def test_tonight_is_ready_when_every_system_has_shown_that_it_is(site: Site) -> None:
    site.put()
    told = site.get("/readiness?hours=4").json()
    colours = {line["target"]: line["readiness"] for line in told["lines"]}
    assert colours == {
        f"locks/{PIN}": "green",
        "lamps/court-1": "waiting",
        "lamps/corridor": "waiting",
        "lamps/entrance": "waiting",
    }
    assert told["ready"] is True
    assert (told["from"], told["to"]) == ("2026-11-21T09:00:00Z", "2026-11-21T13:00:00Z")
    assert {line["name"] for line in told["lines"]} == {"Hallen, hall.court-1"}


def test_tonight_is_not_ready_while_a_door_is_not(site: Site) -> None:
    site.locks.breaks(Fault.FULL)
    site.put()
    told = site.get("/readiness?hours=4").json()
    assert told["ready"] is False
    (red,) = [line for line in told["lines"] if line["readiness"] == "red"]
    assert (red["target"], red["detail"]) == (f"locks/{PIN}", "no room for one more")


def test_what_lies_beyond_the_hours_is_not_told(site: Site) -> None:
    site.put(**hour(10 * 60))
    assert site.get("/readiness?hours=4").json()["lines"] == []


def test_resources_tell_their_identities_in_each_system(site: Site) -> None:
    listed = {one["id"]: one for one in site.get("/resources").json()}
    assert set(listed) == {"hall.whole", "hall.court-1", "hall.court-2", "hall.court-3", "hall.machine"}
    assert listed["hall.court-3"]["identities"] == {"locks": ["outer"], "lamps": ["court-3", "corridor", "entrance"]}
    assert listed["hall.machine"]["identities"] == {}
    assert listed["hall.whole"]["parts"] == ["hall.court-1", "hall.court-2", "hall.court-3"]


def test_a_resource_tells_who_claims_it(site: Site) -> None:
    site.put("B-1")
    site.put("B-2", **hour(30, of="hall.whole", activity="match"))
    told = site.get("/resources/hall.court-1").json()
    claims = {(one["number"], one["level"]) for one in told["claims"]["lamps/court-1"]}
    assert claims == {("B-1", 60), ("B-2", 100)}


def test_deliveries_are_found_by_state_connection_and_time(site: Site) -> None:
    site.put()

    def found(query: str = "") -> set[str]:
        return {one["target"] for one in site.operate("GET", f"/deliveries{query}").json()["deliveries"]}

    lamps = {"lamps/court-1", "lamps/corridor", "lamps/entrance"}
    assert found() == {f"locks/{PIN}", *lamps}
    assert found("?state=confirmed") == {f"locks/{PIN}"}
    assert found("?state=waiting") == lamps
    assert found("?connection=lamps") == lamps
    assert found("?connection=lamps&state=confirmed") == set()
    assert found("?before=2026-11-21T11:46:00Z") == lamps
    assert found("?before=2026-11-21T11:45:00Z") == set()


def test_deliveries_come_in_pages(site: Site) -> None:
    site.put()
    first = site.operate("GET", "/deliveries?limit=3").json()
    second = site.operate("GET", f"/deliveries?limit=3&after={first['next']}").json()
    assert (len(first["deliveries"]), len(second["deliveries"]), second["next"]) == (3, 1, None)


def test_a_problem_is_told_in_two_languages_and_retried(site: Site) -> None:
    site.locks.breaks(Fault.FULL)
    site.put("B-1")
    site.put("B-2", **hour(120))
    (swedish,) = site.operate("GET", "/problems?language=sv").json()
    (english,) = site.operate("GET", "/problems").json()
    assert (swedish["title"], english["title"]) == ("Systemet säger nej", "The system says no")
    assert (english["connection"], english["code"], english["waiting"]) == ("locks", "rejected", 2)
    assert (english["since"], english["nearest"]) == ("2026-11-21T09:00:00Z", "2026-11-21T11:45:00Z")
    site.locks.recovers()
    assert site.operate("POST", f"/problems/{english['id']}:retry").json() == {"deliveries": 2}
    site.until("/status", problems=0, effects={"standing": 2, "planned": 3})
    assert site.operate("GET", "/problems").json() == []
    (ended,) = site.operate("GET", "/problems?ended=true").json()
    assert ended["until"] == "2026-11-21T09:00:00Z"
    assert site.operate("POST", f"/problems/{english['id']}:retry").status_code == 404


def test_deliveries_are_tried_again_and_given_up_by_filter(site: Site) -> None:
    site.locks.breaks(Fault.FULL)
    site.put("B-1")
    site.put("B-2", **hour(120, of="hall.court-2"))
    asked = site.operate("POST", "/deliveries:retry?connection=locks&dry_run=true").json()
    assert (asked["deliveries"], asked["dry_run"]) == (2, True)
    assert [one["target"] for one in asked["first"]] == [f"locks/{PIN}", "locks/hub-B-2"]
    here = site.operate("POST", "/deliveries:dismiss?resource=hall.court-2&state=stuck").json()
    assert (here["deliveries"], here["dry_run"]) == (1, False)
    (dismissed,) = site.operate("GET", "/deliveries?state=dismissed&language=sv").json()["deliveries"]
    assert (dismissed["target"], dismissed["detail"]) == ("locks/hub-B-2", "avskriven av operator")
    site.locks.recovers()
    assert site.operate("POST", "/deliveries:retry?state=stuck").json()["deliveries"] == 1
    site.until("/status", problems=0, deliveries={"confirmed": 1, "waiting": 4, "dismissed": 1})
    assert set(site.locks.stands) == {PIN}


def test_what_takes_something_away_is_given_up_one_at_a_time_with_a_reason(site: Site) -> None:
    for number in ("B-1", "B-2"):
        site.put(number)
    site.locks.breaks(Fault.DEAF)
    for number in ("B-1", "B-2"):
        site.ask("PUT", f"/bookings/{number}", json=raw_booking(number, 2, status="cancelled"))
    site.until("/status", problems=2)
    many = site.operate("POST", "/deliveries:dismiss?connection=locks")
    assert (many.status_code, many.json()["code"]) == (409, "one-at-a-time")
    deliveries = site.operate("GET", "/deliveries?connection=locks").json()["deliveries"]
    path = f"/deliveries:dismiss?id={deliveries[0]['id']}"
    assert site.operate("POST", path).json()["code"] == "reason-needed"
    assert site.operate("POST", path, json={"reason": " "}).status_code == 422
    assert site.operate("POST", path, json={"reason": "the lock is torn down"}).json()["deliveries"] == 1
    verified = site.operate("POST", "/verify?wait=0").json()
    assert {one["target"]: one["verdict"] for one in verified["targets"]}[f"locks/{PIN}"] == "dismissed"


def test_nobody_gives_everything_up_without_saying_so(site: Site) -> None:
    site.locks.breaks(Fault.FULL)
    site.put()
    assert site.operate("POST", "/deliveries:dismiss").json()["code"] == "invalid-request"
    assert site.operate("POST", "/deliveries:dismiss?dry_run=true").json()["deliveries"] == 1
    assert site.operate("POST", "/deliveries:dismiss?state=stuck&conection=locks").json()["code"] == "unknown-parameter"
    assert site.ask("POST", "/deliveries:dismiss?state=stuck").status_code == 403
    assert site.ask("POST", "/deliveries:retry?state=stuck").status_code == 403


def test_a_paused_connection_sends_nothing_until_it_is_resumed(site: Site) -> None:
    paused = site.operate("POST", "/connections/locks:pause").json()
    assert (paused["state"], paused["paused_by"]) == ("paused", "operator")
    site.ask("PUT", "/bookings/B-1", json=raw_booking())
    assert site.until("/status", problems=0)["connections"] == {"locks": "paused", "lamps": "running"}
    assert site.locks.commands() == []
    assert site.operate("POST", "/connections/locks:resume").json()["state"] == "running"
    site.until("/status", effects={"standing": 1, "planned": 3})
    assert site.locks.commands() == [("put", PIN)]


def test_testing_a_connection_tells_what_its_system_says_and_changes_nothing(site: Site) -> None:
    told = site.operate("POST", "/connections/locks:test").json()
    assert (told["ok"], told["failed"], told["about"]["about"]["version"]) == (True, None, "1.0")
    site.locks.breaks(Fault.REFUSES)
    told = site.operate("POST", "/connections/locks:test").json()
    assert (told["ok"], told["failed"]) == (False, "wrong password")
    site.locks.breaks(Fault.BUG)
    told = site.operate("POST", "/connections/locks:test").json()
    assert told["failed"] == "test_locks raised ZeroDivisionError in check"
    assert site.locks.commands() == []


def test_connections_are_listed_with_how_they_are(site: Site) -> None:
    listed = {one["name"]: one for one in site.operate("GET", "/connections").json()}
    assert {name: (one["connector"], one["mode"], one["state"]) for name, one in listed.items()} == {
        "locks": ("test_locks", "live", "running"),
        "lamps": ("test_lamps", "live", "running"),
    }


def test_everything_is_counted(site: Site) -> None:
    site.put("B-1", payment={"kind": "invoice"}, charges=[])
    site.put("B-2", **hour(120))
    site.put("B-2", 2, status="cancelled")
    told = site.until("/status", problems=0)
    assert told["bookings"] == {"confirmed": 1, "cancelled": 1}
    assert told["now"] == "2026-11-21T09:00:00Z"


def test_the_figures_are_prometheus_text_without_a_person(site: Site) -> None:
    site.put()
    site.move_to(SATURDAY + timedelta(minutes=5))
    site.until("/status", effects={"standing": 4})
    headers = {"Authorization": f"Bearer {site.key(Scope.OPERATOR, town=EVERY_MUNICIPALITY)}"}
    answer = site.client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    effects = {
        (sample.labels["municipality"], sample.labels["kind"], sample.labels["effect"]): sample.value
        for sample in families["knutpunkt_effects"].samples
    }
    assert effects == {("2480", "dim", "standing"): 3, ("2480", "credential", "standing"): 1}
    assert [word for word in ("Lena", "Badminton", "B-1", "4670") if word in answer.text] == []


def test_figures_of_what_is_no_more_go_away(site: Site) -> None:
    headers = {"Authorization": f"Bearer {site.key(Scope.OPERATOR, town=EVERY_MUNICIPALITY)}"}

    def effects() -> dict[str, float]:
        families = text_string_to_metric_families(site.client.get("/metrics", headers=headers).text)
        (found,) = (family for family in families if family.name == "knutpunkt_effects")
        return {sample.labels["effect"]: sample.value for sample in found.samples if sample.labels["kind"] == "dim"}

    def deliveries() -> dict[str, float]:
        families = text_string_to_metric_families(site.client.get("/metrics", headers=headers).text)
        (found,) = (family for family in families if family.name == "knutpunkt_deliveries")
        return {sample.labels["delivery"]: sample.value for sample in found.samples if sample.labels["kind"] == "dim"}

    site.put()
    assert effects() == {"planned": 3}
    assert deliveries() == {"waiting": 3}
    site.move_to(SATURDAY)
    site.until("/status", effects={"standing": 4})
    assert effects() == {"standing": 3}
    assert deliveries() == {"confirmed": 3}


def test_the_figures_are_of_every_municipality(site: Site) -> None:
    there = site.key(Scope.BOOKINGS_WRITE, town="1480")
    site.put()
    bearer = {"Authorization": f"Bearer {there}"}
    site.client.put("/v1/1480/bookings/B-1", json=raw_booking(), headers=bearer)
    everywhere = {"Authorization": f"Bearer {site.key(Scope.OPERATOR, town=EVERY_MUNICIPALITY)}"}
    families = text_string_to_metric_families(site.client.get("/metrics", headers=everywhere).text)
    (found,) = (family for family in families if family.name == "knutpunkt_effects")
    assert {sample.labels["municipality"] for sample in found.samples} == {"2480", "1480"}


def test_what_nobody_asks_for_is_found_decided_upon_and_taken_away(site: Site) -> None:
    site.put()
    site.locks.stands["hub-B-9"] = site.locks.stands[PIN].model_copy(update={"key": "hub-B-9"})
    told = site.operate("POST", "/connections/locks:reconcile").json()
    (orphan,) = told["findings"]
    assert (told["outcome"], told["compared"], told["strangers"]) == ("compared", 2, 0)
    assert (orphan["target"], orphan["what"], orphan["decision"]) == ("locks/hub-B-9", "orphan", "open")
    site.until("/status", problems=1)
    path = f"/findings/{orphan['id']}"
    assert site.operate("POST", f"{path}:adopt", json={}).json()["code"] == "reason-needed"
    until = (SATURDAY + timedelta(days=1)).isoformat()
    silent = site.operate("POST", f"{path}:ignore", json={"until": until, "reason": "ask the club"}).json()
    assert (silent["decision"], silent["reason"], silent["until"]) == (
        "ignored",
        "ask the club",
        "2026-11-22T12:00:00Z",
    )
    applied = site.operate("POST", "/connections/locks:reconcile?apply=orphan").json()
    assert [one["decision"] for one in applied["findings"]] == ["ignored"], "what is decided upon is left"
    site.clock.moment += timedelta(minutes=1)
    assert site.operate("POST", f"{path}:revoke").json()["decision"] == "revoked"
    site.until("/status", effects={"standing": 1, "planned": 3, "removed": 1})
    assert set(site.locks.stands) == {PIN}
    assert site.operate("GET", "/findings?connection=locks").json() == []
    assert site.operate("POST", f"{path}:revoke").status_code == 404
    assert site.ask("POST", "/connections/locks:reconcile").status_code == 403
