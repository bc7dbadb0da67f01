"""A region leads to the right hosts, or to an error that lists what is known."""

from __future__ import annotations

import pytest

from earmark.errors import ConfigError
from earmark.genesys.region import DOMAINS, hosts


@pytest.mark.parametrize(
    ("region", "api", "login"),
    [
        ("us_east_1", "https://api.mypurecloud.com", "https://login.mypurecloud.com"),
        ("EU-West-1", "https://api.mypurecloud.ie", "https://login.mypurecloud.ie"),
        ("mypurecloud.de", "https://api.mypurecloud.de", "https://login.mypurecloud.de"),
        ("api.usw2.pure.cloud", "https://api.usw2.pure.cloud", "https://login.usw2.pure.cloud"),
        ("login.usw2.pure.cloud", "https://api.usw2.pure.cloud", "https://login.usw2.pure.cloud"),
        (" api.mypurecloud.jp/ ", "https://api.mypurecloud.jp", "https://login.mypurecloud.jp"),
        ("my.genesys.cloud", "https://my.genesys.cloud", "https://my.genesys.cloud"),
        ("https://api.mypurecloud.ie", "https://api.mypurecloud.ie", "https://login.mypurecloud.ie"),
        ("https://gateway.example.com", "https://gateway.example.com", "https://gateway.example.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:1/", "http://localhost:1", "http://localhost:1"),
        ("http://[::1]:8080", "http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_region_names_its_api_and_login_hosts(region: str, api: str, login: str) -> None:
    assert (hosts(region).api, hosts(region).login) == (api, login)


@pytest.mark.parametrize("name", sorted(DOMAINS))
def test_every_region_of_the_sdk_is_known_under_the_sdks_own_host(name: str) -> None:
    from PureCloudPlatformClientV2 import PureCloudRegionHosts

    assert hosts(name).api == PureCloudRegionHosts[name].get_api_host()


def test_no_region_of_the_sdk_is_missing() -> None:
    from PureCloudPlatformClientV2 import PureCloudRegionHosts

    assert {region.name for region in PureCloudRegionHosts} == set(DOMAINS)


@pytest.mark.parametrize(
    "region",
    [
        "",
        "mars",
        "mypurecloud.example",
        "http://mypurecloud.com",
        "http://192.168.1.1:80",
        "https://a/b",
        "https://user:pass-canary@mypurecloud.com",
        "https://host:notaport",
        "ftp://127.0.0.1",
        "evil.example/api.mypurecloud.com",
    ],
)
def test_an_unknown_region_is_refused_with_the_list_of_known_ones(region: str) -> None:
    with pytest.raises(ConfigError) as caught:
        hosts(region)
    assert "mypurecloud.ie" in str(caught.value.hint)
    assert "pass-canary" not in str(caught.value)
