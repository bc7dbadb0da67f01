"""Asks the OSV advisory service about every package of a lock. Part of `make lint`.

    python -m requirements.audit [--lock FILE] [--ignored FILE] [--service URL]

Ends with 1 where a vulnerability is known and not ignored, or an ignored one is due for another look; with 0, and a
notice, where the service cannot be asked: no answer is no failure, and never an all-clear.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from requirements.lock import HERE, RUNTIME

IGNORED = HERE / "ignored-vulnerabilities.toml"
PATIENCE = 25  # seconds for everything
ANSWER = 5  # seconds for one


@dataclass(frozen=True, slots=True)
class Ignored:
    """A vulnerability that does not reach us, why not, and until when that may be relied on."""

    id: str
    reason: str
    expires: date


@dataclass(frozen=True, slots=True)
class Finding:
    package: str
    version: str
    id: str
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        fixed = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "no fix is known"
        return f"{self.package} {self.version}: {self.id}, {fixed}"


@dataclass(frozen=True, slots=True)
class Audit:
    asked: int
    skipped: tuple[str, ...]
    findings: tuple[Finding, ...]


def ignored(path: Path) -> list[Ignored]:
    """Read the list of what is ignored.

    Raises:
        ValueError: An entry lacks its id, its reason or its date.
    """
    entries = []
    for each in tomllib.loads(path.read_text(encoding="utf-8")).get("ignored", []):
        entry = Ignored(each.get("id", ""), each.get("reason", "").strip(), each.get("expires"))
        if not entry.id or not entry.reason or type(entry.expires) is not date:
            raise ValueError(
                f"{path.name}: {entry.id or 'an entry'} needs an id, a reason and a date `expires`"
            )
        entries.append(entry)
    return entries


def audit(lock: Path, known: list[Ignored], service: str | None) -> Audit | None:
    """Ask about everything in a lock; None where the service gave no answer.

    Raises:
        SystemExit: The lock or the audit itself is broken, which a silent service must not cover up.
    """
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--require-hashes"]
    command += ["--disable-pip", "--progress-spinner", "off"]
    rehearsed = subprocess.run([*command, "--dry-run"], capture_output=True, text=True, check=False)
    if rehearsed.returncode:
        sys.exit(f"the audit cannot begin: {rehearsed.stderr.strip()}")
    command += ["--vulnerability-service", "osv", "--timeout", str(ANSWER), "--format", "json"]
    command += ["--osv-url", service] if service else []
    command += [word for each in known for word in ("--ignore-vuln", each.id)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        return _read(json.loads(done.stdout)["dependencies"])
    except (subprocess.TimeoutExpired, ValueError):
        return None


def _read(dependencies: list[dict[str, Any]]) -> Audit:
    return Audit(
        len(dependencies),
        tuple(each["name"] for each in dependencies if "skip_reason" in each),
        tuple(
            Finding(each["name"], each["version"], found["id"], tuple(found["fix_versions"]))
            for each in dependencies
            for found in each.get("vulns", ())
        ),
    )


def verdict(found: Audit | None, known: list[Ignored], today: date) -> tuple[int, list[str]]:
    """The exit status, and what there is to say."""
    said = [
        f"{each.id} was ignored until {each.expires}: look again" for each in known if each.expires < today
    ]
    failed = bool(said)
    if found is None or len(found.skipped) == found.asked:
        said.append(
            "NOT AUDITED: the advisory service cannot be asked from here; nothing is known about this lock"
        )
        return int(failed), said
    said += map(str, found.findings)
    said += [f"NOT AUDITED: {name}" for name in found.skipped]
    asked = found.asked - len(found.skipped)
    said.append(
        f"audited {asked} packages: {len(found.findings)} known vulnerabilities, {len(known)} ignored"
    )
    return int(failed or bool(found.findings)), said


def main() -> int:
    parser = argparse.ArgumentParser(description="Ask for known vulnerabilities in a lock.")
    parser.add_argument("--lock", type=Path, default=RUNTIME)
    parser.add_argument("--ignored", type=Path, default=IGNORED)
    parser.add_argument("--service", metavar="URL", help="an OSV service of your own")
    options = parser.parse_args()
    known = ignored(options.ignored)
    today = datetime.now(UTC).date()
    status, said = verdict(audit(options.lock, known, options.service), known, today)
    print("\n".join(said))
    return status


if __name__ == "__main__":
    sys.exit(main())
