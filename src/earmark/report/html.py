"""The report as one HTML file that needs nothing else: no network, no fonts, no second file."""

from __future__ import annotations

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files

from earmark.report.page import data, texts
from earmark.report.shape import Report


def to_html(report: Report) -> str:
    """The page. Its policy lets exactly the inlined styles and scripts run, and nothing be fetched.

    The table of entities holds the commonest `page.TABLE_ROWS`; the page says so where there are more.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("earmark.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = _asset("templates/report.css")
    scripts = [
        _asset("vendor/chart.umd.min.js"),
        _asset("templates/charts.js") + _asset("templates/report.js"),
    ]
    return environment.get_template("report.html").render(
        texts(report),
        policy=_policy(style, scripts),
        style=Markup(style),  # noqa: S704 - our own file
        scripts=[Markup(script) for script in scripts],  # noqa: S704 - our own files
        data=Markup(_block(data(report))),  # noqa: S704 - every < and & is escaped
    )


@cache
def _asset(name: str) -> str:
    return files("earmark.report").joinpath(name).read_text("utf-8")


def _policy(style: str, scripts: list[str]) -> str:
    """A content security policy that names what is inlined by its hash."""
    allowed = " ".join(_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _hash(content: str) -> str:
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


def _block(value: object) -> str:
    """JSON that cannot end its script element or start another, whatever it holds."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
