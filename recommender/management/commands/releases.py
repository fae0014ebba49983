"""Lists the releases in the store, and changes which one is in use."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender.engine.manifest import ReleaseError
from recommender.engine.release import list_versions, read_latest, read_manifest
from recommender.engine.store import Store, StoreError
from recommender.selectors.current_model import release_store
from recommender.services import releases


class Command(BaseCommand):
    help = "Lists the releases of the model; puts one in use, or goes back to the one before."

    def add_arguments(self, parser: ArgumentParser) -> None:
        change = parser.add_mutually_exclusive_group()
        change.add_argument("--promote", metavar="VERSION", help="a version, or `newest`")
        change.add_argument("--rollback", action="store_true", help="use the release before again")
        change.add_argument(
            "--prune",
            type=int,
            metavar="KEEP",
            help="delete all but the newest and those in use",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, **options: Any) -> None:
        try:
            if options["promote"]:
                releases.promote(version=options["promote"], despite_gate=True)
            if options["rollback"]:
                releases.roll_back()
            if options["prune"] is not None:
                self._prune(options["prune"], quiet=options["json"])
            answer = _describe(release_store())
        except (ReleaseError, StoreError, ValueError) as error:
            raise CommandError(str(error)) from error
        releases.record_latest()
        if options["json"]:
            self.stdout.write(json.dumps(answer, indent=2))
            return
        for release in answer:
            status = "in use" if release["in_use"] else ""
            dataset = release.get("dataset") or f"unreadable: {release['problem']}"
            self.stdout.write(f"{release['version']}  {dataset}  {status}".rstrip())

    def _prune(self, keep: int, *, quiet: bool) -> None:
        deleted = releases.prune(keep=keep)
        if not quiet:
            self.stdout.write(f"Deleted: {', '.join(deleted) or 'nothing'}")


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
        except ReleaseError as error:  # a broken one must not hide the others
            release["problem"] = str(error)
        found.append(release)
    return found
