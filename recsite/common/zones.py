"""Time zones that readers choose, by the names of the IANA database."""

from datetime import UTC, date, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.utils import timezone

REGIONS = (
    "Africa",
    "America",
    "Antarctica",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)
#: How far the zone is ahead of UTC in which each day begins first.
FIRST = timedelta(hours=14)


def zone_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Names and labels of all zones, by region; a zone is called by a large city in it."""
    names = sorted(available_timezones())
    return [
        (region, [(name, _label(name)) for name in names if name.startswith(f"{region}/")])
        for region in REGIONS
    ]


def zone_of(name: str) -> tzinfo:
    """The zone of a name; UTC for none, and for one that is not known any more."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def latest_today() -> date:
    """Today where the reader is; where that is not known, today where the day begins first."""
    is_known = timezone.get_current_timezone() is not timezone.get_default_timezone()
    return timezone.localdate() if is_known else (timezone.now() + FIRST).date()


def _label(name: str) -> str:
    return name.partition("/")[2].replace("_", " ").replace("/", ", ")
