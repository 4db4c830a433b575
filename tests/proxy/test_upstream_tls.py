"""Towards the site: certificates are verified, TLS 1.2 and 1.3 only."""

import ssl

import pytest

from lib import certificates

HOST = "secure.test"


def _refused(world, word: str):
    result = world.launch("curl", "-sSi", "--http1.1", "--suppress-connect-headers", "--max-time", "40",
                          f"https://{HOST}/").ok()
    assert result.out.startswith("HTTP/1.1 502 "), result.describe()
    assert "hello" not in result.out and word in result.out.lower(), result.describe()


def test_an_unknown_authority_is_refused(world):
    """A site whose certificate nobody vouches for is talked to."""
    site = world.site(HOST, authority=certificates.shared("Someone else"))
    _refused(world, "certificate")
    assert site.seen() == []


def test_without_upstream_ca_a_private_authority_is_refused(world):
    """A private authority is trusted without --upstream-ca."""
    site = world.site(HOST, trusted=False)
    _refused(world, "certificate")
    assert site.seen() == []


def test_the_hint_for_a_private_authority_names_the_flag(world):
    """The refusal of a private authority does not name --upstream-ca."""
    world.site(HOST, trusted=False)
    _refused(world, "--upstream-ca")


def test_another_name_is_refused(world):
    """A certificate for another name is accepted."""
    site = world.site("other.test")
    world.attach(site, (HOST,), 443)
    _refused(world, "certificate")


def test_an_expired_certificate_is_refused(world):
    """An expired certificate is accepted."""
    world.site(HOST, days=-1)
    _refused(world, "expired")


def test_the_clients_wish_not_to_verify_changes_nothing(world):
    """curl -k in the sandbox turns the verification of the site off."""
    site = world.site(HOST, trusted=False)
    result = world.launch("curl", "-sSk", f"https://{HOST}/").ok()
    assert "hello" not in result.out and site.seen() == []


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_tls_versions_towards_the_site(world, version):
    """A site with only one of TLS 1.2 and 1.3 is not reached."""
    site = world.site(HOST, versions=(version, version))
    assert world.launch("curl", "--http1.1", "-sS", f"https://{HOST}/").ok().out == f"hello from {HOST}\n"
    assert site.seen()[0].tls_version == version.name.replace("v1_", "v1.")


def test_the_site_gets_the_right_server_name(world):
    """The TLS name towards the site is missing or another one."""
    site = world.site(HOST)
    world.launch("curl", "--http1.1", "-sS", f"https://{HOST}/").ok()
    assert set(site.server_names) == {HOST}


def test_the_roots_of_one_session_are_not_those_of_another(world):
    """--upstream-ca of one launch is trusted by another one."""
    site = world.site(HOST)
    world.launch("curl", "--http1.1", "-sS", f"https://{HOST}/").ok()
    at = world.flags.index("--upstream-ca")
    del world.flags[at:at + 2]
    _refused(world, "certificate")
    assert len(site.seen()) == 1
