"""Writes the bill of materials that travels in the wheel: what the runtime lock names, as CycloneDX.

    python -m requirements.sbom

The same lock gives the same bytes.
"""

from __future__ import annotations

import json
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from requirements.lock import HERE, RUNTIME, Pin, pins

SBOM = HERE / "earmark.cdx.json"
PROJECT = HERE.parent / "pyproject.toml"


def bill(project: Path, lock: Path) -> str:
    """The bill of materials of a project and its lock, as JSON."""
    about = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    text = lock.read_text(encoding="utf-8")
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, f"{about['name']} {about['version']}\n{text}"))
    bom.metadata.component = own = Component(
        type=ComponentType.APPLICATION,
        name=about["name"],
        version=about["version"],
        description=about["description"],
        licenses=[DisjunctiveLicense(id=about["license"])],
        purl=PackageURL("pypi", name=about["name"], version=about["version"]),
        bom_ref=about["name"],
    )
    _add(bom, own, list(pins(text)))
    return _without_time(bom)


def _add(bom: Bom, own: Component, locked: Iterable[Pin]) -> None:
    components: dict[str, list[Component]] = defaultdict(list)
    needs: dict[str, set[str]] = defaultdict(set)
    for pin in locked:
        components[pin.name].append(_component(pin))
        for wanting in pin.wanted_by:
            needs[wanting.split()[0]].add(pin.name)
    bom.components.update(each for same in components.values() for each in same)
    components[own.name] = [own]
    for name, same in components.items():
        for each in same:
            bom.register_dependency(each, [part for need in sorted(needs[name]) for part in components[need]])


def _component(pin: Pin) -> Component:
    purl = PackageURL("pypi", name=pin.name, version=pin.version)
    marker = pin.requirement.marker
    return Component(
        type=ComponentType.LIBRARY,
        name=pin.name,
        version=pin.version,
        purl=purl,
        bom_ref=purl.to_string(),
        properties=[Property(name="earmark:only-where", value=str(marker))] if marker else (),
        external_references=[
            ExternalReference(
                type=ExternalReferenceType.DISTRIBUTION,
                url=XsUri(purl.to_string()),
                comment="the files that may be installed, one for each platform",
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in pin.hashes],
            )
        ],
    )


def _without_time(bom: Bom) -> str:
    """The time of writing would make every build another one."""
    values = json.loads(JsonV1Dot6(bom).output_as_string())
    del values["metadata"]["timestamp"]
    return json.dumps(values, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    SBOM.write_text(bill(PROJECT, RUNTIME), encoding="utf-8")
