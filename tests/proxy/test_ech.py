"""Encrypted client hello: no key for it is ever told, and a hello that carries one is intercepted or
refused, never passed on."""

import pytest

HOST = "secure.test"


def _answer(world, name, captured, flags=()):
    world.program("connection.py")
    program = world.program("ech_client.py")
    env = ["--env", "HTTPS_PROXY="] if captured else []
    return world.launch("/usr/bin/python3", program, HOST, "443", name,
                        flags=[*flags, *env]).ok().out.strip()


@pytest.mark.parametrize("captured", [False, True])
def test_a_hello_with_the_extension_is_intercepted(world, captured):
    """GREASE, or a real one for the host itself, reaches the site unread."""
    site = world.site(HOST)
    issuer = _answer(world, HOST, captured)
    assert "aileron" in issuer.lower(), issuer
    assert site.seen() == []


@pytest.mark.parametrize("captured", [False, True])
def test_a_hello_whose_outer_name_is_another_is_not_passed_on(world, captured):
    """A hello that hides its name behind a public one reaches anybody but us."""
    site, front = world.site(HOST), world.site("front.test")
    issuer = _answer(world, "front.test", captured)
    assert "aileron" in issuer.lower() or issuer in ("alert", "closed"), issuer
    assert site.server_names == [] and front.server_names == []


@pytest.mark.parametrize("captured", [False, True])
def test_at_an_opaque_host_the_outer_name_counts(world, captured):
    """A hidden name gets through to an opaque host under another outer name."""
    site = world.site(HOST, allow=False)
    assert _answer(world, "front.test", captured, flags=["--opaque", HOST]) == "closed"
    assert site.server_names == []
    assert world.audited(kind="tunnel", code="authority_mismatch")


def test_no_keys_are_told(world):
    """dig gets an HTTPS or SVCB record, waits, or hears another code than NOERROR."""
    world.site(HOST)
    for kind in ("HTTPS", "SVCB", "TYPE65280", "CAA", "DNSKEY"):
        result = world.launch("dig", "+tries=1", "+time=5", "@127.0.0.1", HOST, kind).ok()
        assert "status: NOERROR" in result.out and "ANSWER: 0" in result.out, result.describe()
        assert result.seconds < 5
