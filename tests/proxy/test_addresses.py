"""Private addresses are refused after resolution, also behind a public name, unless a rule names them.

Runs in a network of the test's own, where "public" addresses and the name server are the test's.
"""

import socket

import pytest

from lib.namespace import Network
from lib.names import NameServer
from lib import sites

PUBLIC, PUBLIC6 = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
PRIVATE = ["10.1.2.3", "172.16.5.4", "192.168.7.6", "169.254.169.254", "100.64.3.2", "198.18.0.9"]
PRIVATE6 = ["fd00:1:2::3", "fd00:ec2::254"]


@pytest.fixture
def place(worlds, tmp_path):
    """A world in its own network, with a name server and one listener on every address."""
    network = Network(str(tmp_path), [f"{address}/32" for address in [PUBLIC, *PRIVATE]] +
                      [f"{address}/128" for address in [PUBLIC6, *PRIVATE6]])
    made = worlds(network=network)
    made.names = NameServer(network)
    made.servers.append(made.names)
    made.flags += ["--upstream-ca", sites.certificates.shared().certificate]
    # One site per family that answers on 443 and one on 80, for whatever address is asked.
    names = ("public.test", "inner.test", "rebind.test", PUBLIC, PUBLIC6, "127.0.0.1", "::1",
             *PRIVATE, *PRIVATE6)
    made.sites = [sites.Site(*names, listener=network.listen("0.0.0.0", 443))]
    with network.entered():
        listener = _only_v6(443)
    made.sites.append(sites.Site(*names, listener=listener))
    made.sites.append(sites.Site("public.test", tls=False, listener=network.listen("0.0.0.0", 80)))
    made.servers += made.sites
    return made


def _only_v6(port: int):
    listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind(("::", port))
    listener.listen(64)
    return listener


def _fetch(place, url, *flags, how=()):
    return place.launch("curl", "--http1.1", "-sS", "--max-time", "25", *how, url, flags=list(flags), timeout=60).out


def _hits(place) -> int:
    """How many connections any of the sites accepted."""
    return sum(site.accepted for site in place.sites)


def test_a_public_name_is_resolved_by_the_daemons_side(place):
    """A public name is not reached, or not by the daemon's own resolution."""
    place.names.answers["public.test"] = [PUBLIC]
    for how in ((), ("--noproxy", "*")):
        assert _fetch(place, "https://public.test/", "--allow", "public.test", how=how) == \
            "hello from public.test\n"
    assert "hello" in _fetch(place, "http://public.test/", "--allow", "public.test")


def test_ipv6_only_names_are_reached(place):
    """A name with only an IPv6 address is not reached."""
    place.names.answers["public.test"] = [PUBLIC6]
    assert "hello" in _fetch(place, "https://public.test/", "--allow", "public.test")


@pytest.mark.parametrize("profile", ["wildcard", "open"])
@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::1", "::ffff:127.0.0.1",
                                     "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1", *PRIVATE,
                                     *PRIVATE6])
def test_a_public_name_with_a_private_address_is_refused(place, address, profile):
    """Behind a name that only a wildcard or the open profile allows, a private address is reached."""
    place.names.answers["inner.test"] = [address]
    flags = ["--allow", "*.test"] if profile == "wildcard" else ["--profile", "open"]
    text = _fetch(place, "https://inner.test/", *flags)
    assert "hello" not in text and "aileron" in text, text
    assert _hits(place) == 0


def test_a_mixed_answer_does_not_open_the_private_part(place):
    """Of a public and a private address the private one is connected to."""
    place.names.answers["inner.test"] = ["10.1.2.3", PUBLIC]
    for _ in range(4):
        _fetch(place, "https://inner.test/", "--allow", "*.test")
    records = [one for one in place.audit() if one.get("host") == "inner.test"]
    assert records and "10.1.2.3:443" not in place.run("ss", "-tanH").ok().out


def test_rebinding_between_check_and_use_does_not_help(place):
    """A name that turns private after the check is connected to at the private address."""
    place.names.sequence["rebind.test"] = [[PUBLIC], ["10.1.2.3"], ["127.0.0.1"]]
    first = _fetch(place, "https://rebind.test/", "--profile", "open")
    again = [_fetch(place, "https://rebind.test/", "--profile", "open") for _ in range(3)]
    assert "hello" in first or "aileron" in first
    for text in again:
        assert "hello" not in text or place.names.asked["rebind.test"] <= 1, text


def test_a_name_that_a_rule_names_may_be_private(place):
    """--allow with the exact host does not open its private address."""
    place.names.answers["inner.test"] = ["10.1.2.3"]
    assert "hello" in _fetch(place, "https://inner.test/", "--allow", "inner.test")


@pytest.mark.parametrize("literal", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "[::1]",
                                     "[::ffff:10.1.2.3]", "[fd00:1:2::3]", "0x7f000001", "2130706433",
                                     "0177.0.0.1", "127.1", "0", "localhost", "ip6-localhost"])
@pytest.mark.parametrize("how", ["proxy", "captured"])
def test_private_literals_are_refused_by_the_open_profile(place, literal, how):
    """A private address in any spelling is reached under the profile open."""
    flags = ("--noproxy", "*") if how == "captured" else ()
    text = _fetch(place, f"https://{literal}/", "--profile", "open", how=("-k", *flags))
    assert "hello" not in text and _hits(place) == 0, text


def test_an_address_that_a_rule_names_is_reached(place):
    """--allow with a private address does not open it."""
    for how in ((), ("--noproxy", "*")):
        assert "hello" in _fetch(place, "https://10.1.2.3/", "--allow", "10.1.2.3", how=how)
    assert "hello" not in _fetch(place, "https://192.168.7.6/", "--allow", "10.1.2.3")


def test_a_range_in_a_rule_opens_its_addresses(place):
    """--allow with a CIDR range does not open an address in it, or opens one outside."""
    assert "hello" in _fetch(place, "https://10.1.2.3/", "--allow", "10.1.2.0/24")
    assert "hello" not in _fetch(place, "https://192.168.7.6/", "--allow", "10.1.2.0/24")


def test_a_public_literal_works_in_the_open_profile(place):
    """A public address without a name is refused under the profile open."""
    for how in ((), ("--noproxy", "*")):
        assert "hello" in _fetch(place, f"https://{PUBLIC}/", "--profile", "open", how=how)


def test_a_redirect_to_a_private_address_is_refused(place):
    """A redirect of an allowed site leads to a private address."""
    place.names.answers["public.test"] = [PUBLIC]
    text = _fetch(place, "https://public.test/redirect?to=https://169.254.169.254/", "--profile",
                  "open", how=("-L", "-k"))
    assert "hello" not in text


def test_a_name_that_does_not_exist_is_told_so(place):
    """A name without an address is not answered with a clear 502."""
    text = place.launch("curl", "-sSi", "--http1.1", "--suppress-connect-headers", "--max-time", "30",
                        "https://missing.test/", flags=["--allow", "missing.test"], timeout=60).out
    assert text.startswith("HTTP/1.1 502 ") and "missing.test" in text, text


def test_a_name_server_that_is_silent_is_told_so(place):
    """A name server that does not answer makes the client hang."""
    place.names.silent.add("silent.test")
    text = place.launch("curl", "-sSi", "--http1.1", "--suppress-connect-headers", "--max-time", "60",
                        "https://silent.test/", flags=["--allow", "silent.test"], timeout=90).out
    assert text.startswith(("HTTP/1.1 502 ", "HTTP/1.1 504 ")), text


def test_denied_names_are_not_even_resolved(place):
    """A denied name is asked of the name server: names carry data out."""
    _fetch(place, "https://c2VjcmV0.denied.test/")
    _fetch(place, "https://c2VjcmV0.denied.test/", how=("--noproxy", "*"))
    place.launch("getent", "ahosts", "c2VjcmV0.exfil.test")
    assert place.names.asked == {}, place.names.asked
