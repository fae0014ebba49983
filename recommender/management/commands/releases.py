"""Shows the releases that the store holds, and moves the one in use."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from recommender.engine.manifest import ReleaseError
from recommender.engine.publish import promote, rollback
from recommender.engine.release import list_versions, read_latest, read_manifest
from recommender.engine.store import Store, StoreError, open_store
from recommender.services.releases import record_latest


class Command(BaseCommand):
    help = "Lists the releases of the model; puts one in use, or goes back to the one before."

    def add_arguments(self, parser: ArgumentParser) -> None:
        change = parser.add_mutually_exclusive_group()
        change.add_argument("--promote", metavar="VERSION", help="a version, or `newest`")
        change.add_argument("--rollback", action="store_true", help="use the release before again")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, **options: Any) -> None:
        try:
            store = open_store(
                settings.RELEASE_STORE, endpoint_url=settings.S3_ENDPOINT_URL or None
            )
            if options["promote"]:
                promote(store, _version(store, options["promote"]))
            if options["rollback"]:
                rollback(store)
            answer = _describe(store)
        except (ReleaseError, StoreError) as error:
            raise CommandError(str(error)) from error
        record_latest()
        if options["json"]:
            self.stdout.write(json.dumps(answer, indent=2))
            return
        for release in answer:
            mark = "in use" if release["in_use"] else ""
            about = release.get("dataset") or f"unreadable: {release['problem']}"
            self.stdout.write(f"{release['version']}  {about}  {mark}".rstrip())


def _version(store: Store, wanted: str) -> str:
    if wanted != "newest":
        return wanted
    versions = list_versions(store)
    if not versions:
        raise CommandError(f"{store.uri} holds no release yet; build one with spark.build.")
    return versions[-1]


def _describe(store: Store) -> list[dict[str, Any]]:
    latest = read_latest(store)
    in_use = latest.version if latest else None
    found = []
    for version in list_versions(store):
        release: dict[str, Any] = {"version": version, "in_use": version == in_use}
        try:
            manifest, _ = read_manifest(store, version)
            release |= {
                "dataset": manifest.dataset.name,
                "simulated": manifest.dataset.simulated,
                "gate": manifest.gate,
            }
        except ReleaseError as error:  # one that is broken must not hide the others
            release["problem"] = str(error)
        found.append(release)
    return found
