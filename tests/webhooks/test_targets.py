import pytest

from webhooks.addresses import is_public
from webhooks.targets import Target, UrlRefused, parse_target

REFUSED = [
    # other schemes, and none
    ("http://example.com/", "https"),
    ("ftp://example.com/", "https"),
    ("file:///etc/passwd", "https"),
    ("gopher://example.com/", "https"),
    ("javascript:alert(1)", "https"),
    ("//example.com/", "https"),
    ("example.com", "https"),
    ("https:/example.com", "https"),
    ("", "ASCII"),
    # user names
    ("https://user@example.com/", "user name"),
    ("https://user:password@example.com/", "user name"),
    ("https://example.com@127.0.0.1/", "user name"),
    ("https://@example.com/", "user name"),
    # ports
    ("https://example.com:80/", "port 443 or 8443"),
    ("https://example.com:22/", "port 443 or 8443"),
    ("https://example.com:0/", "1 to 65535"),
    ("https://example.com:99999/", "1 to 65535"),
    ("https://example.com:/", "host"),
    ("https://example.com:443:22/", "host"),
    # hosts that readers disagree about
    ("https:///hook", "host"),
    ("https://example.com#@127.0.0.1/", "fragment"),
    ("https://example.com\\@127.0.0.1/", "ASCII"),
    ("https://exa mple.com/", "ASCII"),
    ("https://example.com/\r\nHost: x", "ASCII"),
    ("https://example.com/\n", "ASCII"),
    ("https://example.com/\x00", "ASCII"),
    ("https://①②⑦.⓪.⓪.①/", "ASCII"),
    ("https://ⓛocalhost/", "ASCII"),
    ("https://%31%32%37.0.0.1/", "host"),
    ("https://.example.com/", "host"),
    ("https://example..com/", "host"),
    ("https://example.com./", "host"),
    ("https://" + "a" * 64 + ".com/", "host"),
    ("https://" + "a." * 130 + "com/", "host"),
    ("https://example.com/" + "a" * 2000, "2000"),
    # addresses that are not public
    ("https://127.0.0.1/", "public"),
    ("https://10.0.0.1/", "public"),
    ("https://169.254.169.254/latest/meta-data/", "public"),
    ("https://0.0.0.0/", "public"),
    ("https://[::1]/", "public"),
    ("https://[::]/", "public"),
    ("https://[::ffff:127.0.0.1]/", "public"),
    ("https://[::ffff:7f00:1]/", "public"),
    ("https://[::127.0.0.1]/", "public"),
    ("https://[64:ff9b::10.0.0.1]/", "public"),
    ("https://[2002:7f00:1::]/", "public"),
    ("https://[fd00:ec2::254]/", "public"),
    ("https://[fe80::1]/", "public"),
    ("https://[fe80::1%25eth0]/", "host"),
    ("https://[::1/", "host"),
    ("https://::1/", "host"),
    # addresses in the forms that only resolvers read
    ("https://127.1/", "usual form"),
    ("https://2130706433/", "usual form"),
    ("https://0x7f.0.0.1/", "usual form"),
    ("https://0x7f000001/", "usual form"),
    ("https://0177.0.0.1/", "usual form"),
    ("https://017700000001/", "usual form"),
    ("https://127.0.0.1./", "host"),
    ("https://10.0.0.01/", "usual form"),
    ("https://1.2.3.4.5/", "usual form"),
    ("https://256.1.1.1/", "usual form"),
    ("https://example.0x10/", "usual form"),
    ("https://[127.0.0.1]/", "usual form"),
]


@pytest.mark.parametrize(("url", "reason"), REFUSED, ids=[repr(url)[:40] for url, _ in REFUSED])
def test_a_hostile_url_is_refused_without_asking_the_network(url, reason):
    with pytest.raises(UrlRefused, match=reason):
        parse_target(url)


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://example.com", "example.com", 443, "/"),
        ("https://EXAMPLE.com:8443/a/b?c=d&e=%20", "example.com", 8443, "/a/b?c=d&e=%20"),
        ("https://example.com?x=1", "example.com", 443, "/?x=1"),
        (
            "HTTPS://sub_domain.xn--bcher-kva.example:443/",
            "sub_domain.xn--bcher-kva.example",
            443,
            "/",
        ),
        ("https://93.184.215.14/", "93.184.215.14", 443, "/"),
        ("https://[2606:4700:4700::1111]/", "2606:4700:4700::1111", 443, "/"),
        ("https://example.com/@user", "example.com", 443, "/@user"),
        ("https://not-resolving-yet.example.com/", "not-resolving-yet.example.com", 443, "/"),
    ],
)
def test_an_ordinary_url_is_read(url, host, port, path):
    assert parse_target(url) == Target("https", host, port, path, trusted=False)


def test_the_operator_may_allow_hosts(settings):
    settings.WEBHOOK_ALLOWED_HOSTS = ["ERP.internal", "127.0.0.1", "[fd00::1]"]

    assert parse_target("http://erp.internal/") == Target("http", "erp.internal", 80, "/", True)
    assert parse_target("https://erp.internal:9000/").port == 9000
    assert parse_target("http://127.0.0.1:8000/x").trusted
    assert parse_target("http://[fd00:0:0::1]:8000/").trusted
    for url in ("http://sub.erp.internal/", "http://127.1/", "http://user@erp.internal/"):
        with pytest.raises(UrlRefused):
            parse_target(url)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:8.8.8.8",
        "::8.8.8.8",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:808:808::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "",
        "localhost",
        "1.2.3",
    ],
)
def test_an_address_that_is_not_on_the_open_internet_is_refused(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2001:4860:4860::8888",
        "2a00:1450:4001::1",
    ],
)
def test_an_address_on_the_open_internet_is_taken(address):
    assert is_public(address)
