"""Imports the official SDK (seconds and some 200 MB, hence late and once) and keeps its side effects out.

Its import reads `~/.genesyscloudpython/config`, which may redirect every request, and starts threads that
watch that file. It is therefore imported with a private home in which watching is off.
"""

from __future__ import annotations

import os
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from earmark.genesys.transport import Answer, HttpxClient

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PureCloudPlatformClientV2 import ApiClient

    from earmark.model import Json

_import_lock = threading.Lock()
_HOME_VARIABLES = ("HOME", "USERPROFILE")


def api_client(host: str, http: HttpxClient) -> ApiClient:
    """An SDK client for one API origin that speaks through `http`."""
    with _import_lock, _private_home(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from PureCloudPlatformClientV2 import ApiClient
        from PureCloudPlatformClientV2.abstract_http_client import AbstractHttpClient
    AbstractHttpClient.register(HttpxClient)
    client = ApiClient(host=host)
    client.gateway_configuration = None
    client.set_http_client(http)
    return client


def call(
    client: ApiClient, method: str, path: str, bearer: str, query: Mapping[str, str] | None, body: Json
) -> Answer:
    """One raw request through the SDK: its headers and serialisation, without its models.

    The SDK hides the status from its caller, so the answer is taken from the HTTP client.
    """
    http = client.get_http_client()
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "Authorization": f"Bearer {bearer}",
    }
    client.call_api(path, method, {}, dict(query or {}), headers, body=body)
    answer: Answer = http.take()
    return answer


@contextmanager
def _private_home() -> Iterator[None]:
    """Point the home at an empty folder with live reload off, for as long as an import takes."""
    before = {name: os.environ.get(name) for name in _HOME_VARIABLES}
    with tempfile.TemporaryDirectory(prefix="earmark-sdk-") as home:
        folder = Path(home, ".genesyscloudpython")
        folder.mkdir()
        (folder / "config").write_text("[general]\nlive_reload_config = false\n", encoding="utf-8")
        os.environ.update(dict.fromkeys(_HOME_VARIABLES, home))
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
