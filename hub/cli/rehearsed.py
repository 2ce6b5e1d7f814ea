"""What a rehearsal found, as people read it: each finding, and what to do."""

from collections.abc import Mapping
from itertools import groupby

import click

from hub.cli import showing
from hub.cli.words import Words
from hub.model.rehearsed import Rehearsal, RehearsalFinding
from hub.service.words.saying import Language

SAID: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "season": "{municipality}: {lines} lines, {bookings} bookings, {claims} claims from {starts} to {ends}.",
        "nothing": "{municipality}: {lines} lines, {bookings} bookings, nothing asked of any system.",
        "fits": "All of it fits.",
        "fits_not": "{count} things do not fit.",
        "wrong": "does not fit",
        "note": "note",
        "refused": "{count} lines are refused: {what}. The first is line {example}",
        "refused_do": "Put it right where the bookings come from; until then they open nothing.",
        "method": "{connection} takes no {what}: {count} bookings want one, the first {example}",
        "method_do": "Give these holders a PIN, or name a connection that takes a {what}.",
        "capacity": "{connection} has room for {limit} credentials, and {count} would stand there {at}; too many from"
        " {since} to {until}. Where: {doors}",
        "capacity_do": "Have room made for {count}, or fewer at once: no push horizon that is safe is enough.",
        "capacity_days_do": "Write `push_horizon_days: {days}` or less for it, or have room made for {count}.",
        "rate": "{connection} takes {limit} calls a minute, and {count} are needed {at}: the last would be {minutes}"
        " min late. The first that is late is needed {since}. Where: {doors}",
        "rate_do": "Give doors and zones different lead times, move bookings apart, or have more calls allowed.",
        "codes": "{connection} would have {count} codes in use or at rest {at}, of {limit} that there are; too many"
        " from {since} to {until}",
        "codes_do": "Make PINs longer, or `quarantine_days` or `push_horizon_days` shorter.",
        "unserved": "no connection for {what}: {count} bookings, the first {example}",
        "unserved_do": "Name a connection when there is one; until then somebody does it by hand.",
        "pieces": "{connection} takes windows of at most {limit} min, and {count} are longer, up to {minutes} min."
        " Where: {doors}",
        "pieces_do": "They are sent in pieces, each before the one before it ends: the hub must reach the lock"
        " meanwhile.",
        "windows": "{connection} keeps {limit} windows of a credential at a door, and up to {count} lie within the push"
        " horizon. Where: {doors}",
        "windows_do": "The earliest are sent first, others when one has ended: the hub must reach the lock between.",
        "dates": "{connection} keeps whole days: its {count} windows are put as they begin and removed as they end",
        "dates_do": "The hub must reach the lock at both ends; else it opens late, or until midnight.",
        "no-times": "{connection} keeps no times: its {count} windows are put as they begin and removed as they end",
        "no-times_do": "The hub must reach the lock at both ends; else it opens late, or goes on opening.",
        "unknown-limits": "{connection} says only when it runs what it can take: of room and times nothing is foretold",
        "unknown-limits_do": "See what `GET /connections` tells when it runs.",
    },
    "sv": {
        "season": "{municipality}: {lines} rader, {bookings} bokningar, {claims} anspråk från {starts} till {ends}.",
        "nothing": "{municipality}: {lines} rader, {bookings} bokningar, inget begärs av något system.",
        "fits": "Allt får plats.",
        "fits_not": "{count} saker får inte plats.",
        "wrong": "får inte plats",
        "note": "att veta",
        "refused": "{count} rader avvisas: {what}. Den första är rad {example}",
        "refused_do": "Rätta där bokningarna kommer från; till dess öppnar de ingenting.",
        "method": "{connection} tar inte emot {what}: {count} bokningar vill ha det, den första {example}",
        "method_do": "Ge dessa nyttjare en kod, eller namnge en anslutning som tar emot {what}.",
        "capacity": "{connection} har plats för {limit} behörigheter, och {count} skulle ligga där {at}; för många från"
        " {since} till {until}. Var: {doors}",
        "capacity_do": "Skaffa plats för {count}, eller färre på en gång: ingen säker skickhorisont räcker.",
        "capacity_days_do": "Skriv `push_horizon_days: {days}` eller mindre för {connection}, eller skaffa plats för"
        " {count}.",
        "rate": "{connection} tar {limit} anrop i minuten, och {count} behövs {at}: det sista skulle bli {minutes} min"
        " sent. Det första som blir sent behövs {since}. Var: {doors}",
        "rate_do": "Ge dörrar och zoner olika förtid, flytta isär bokningar, eller låt fler anrop tillåtas.",
        "codes": "{connection} skulle ha {count} koder i bruk eller i vila {at}, av {limit} som finns; för många från"
        " {since} till {until}",
        "codes_do": "Gör koderna längre, eller `quarantine_days` eller `push_horizon_days` kortare.",
        "unserved": "ingen anslutning för {what}: {count} bokningar, den första {example}",
        "unserved_do": "Namnge en anslutning när det finns en; till dess gör någon det för hand.",
        "pieces": "{connection} tar fönster på högst {limit} min, och {count} är längre, upp till {minutes} min."
        " Var: {doors}",
        "pieces_do": "De skickas i delar, varje innan den förra är slut: navet måste nå låset under tiden.",
        "windows": "{connection} håller {limit} fönster för en behörighet vid en dörr, och upp till {count} ligger inom"
        " skickhorisonten. Var: {doors}",
        "windows_do": "De tidigaste skickas först, övriga när ett är slut: navet måste nå låset däremellan.",
        "dates": "{connection} håller hela dagar: dess {count} fönster läggs när de börjar och tas bort när de är slut",
        "dates_do": "Navet måste nå låset i båda ändar; annars öppnar det sent, eller till midnatt.",
        "no-times": "{connection} håller inga tider: dess {count} fönster läggs när de börjar och tas bort när de är"
        " slut",
        "no-times_do": "Navet måste nå låset i båda ändar; annars öppnar det sent, eller fortsätter att öppna.",
        "unknown-limits": "{connection} säger först när den är igång vad den tål: om plats och tid är inget förutsagt",
        "unknown-limits_do": "Se vad `GET /connections` säger när den är igång.",
    },
}
"""What each kind of finding is, under `..._do` what to do about it, and the words around them."""
_METHODS = {"sv": {"pin": "kod", "card": "kort", "mobile_key": "mobilnyckel"}, "en": {"mobile_key": "mobile key"}}


def told(one: RehearsalFinding, words: Words) -> tuple[str, str]:
    """What was found, and what to do."""
    texts = SAID[words.language]
    values = one.model_dump() | {name: showing.local(getattr(one, name)) for name in ("at", "since", "until")}
    values["doors"] = ", ".join(one.doors) or "-"
    if one.kind == "unserved":
        values["what"] = words.unserved(one.what)
    if one.kind == "method":
        values["what"] = _METHODS[words.language].get(one.what, one.what)
    remedy = texts["capacity_days_do" if one.days else f"{one.kind}_do"]
    return texts[one.kind].format(**values), remedy.format(**values)


def for_programs(found: Rehearsal, words: Words) -> dict[str, object]:
    """The same for JSON, each finding with its texts."""
    findings = [
        one.model_dump(mode="json") | dict(zip(("detail", "remedy"), told(one, words), strict=True))
        for one in found.findings
    ]
    return found.model_dump(mode="json") | {"fits": found.fits, "findings": findings}


def show(found: Rehearsal, words: Words) -> None:
    """Print it: what does not fit first, and what to do once for findings in a row that need the same."""
    texts = SAID[words.language]
    starts, ends = showing.local(found.starts_at), showing.local(found.ends_at)
    click.echo(texts["season" if starts else "nothing"].format(starts=starts, ends=ends, **found.model_dump()))
    for (fits, remedy), its in groupby(found.findings, key=lambda one: (one.fits, told(one, words)[1])):
        for one in its:
            click.echo(f"{texts['note' if fits else 'wrong']}: {told(one, words)[0]}")
        click.echo(f"    {remedy}")
    wrong = sum(not one.fits for one in found.findings)
    click.echo(texts["fits_not" if wrong else "fits"].format(count=wrong))
