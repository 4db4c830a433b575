"""--upstream-proxy: through a company's proxy (Debian's squid, with a password) to the sites."""

import urllib.parse

import pytest

from lib import certificates, process, sites
from lib.squid import PASSWORD, USER, Squid

HOST, PLAIN = "secure.test", "plain.test"


class Place:
    """A TLS site, a plain one, and squid before both; the names mean something to squid alone."""

    def __init__(self, world):
        self.world = world
        self.secure = sites.Site(HOST)
        self.plain = sites.Site(PLAIN, tls=False)
        world.servers += [self.secure, self.plain]
        self.squid = Squid(world, [HOST, PLAIN], [self.secure.port])
        self.urls = [f"https://{HOST}:{self.secure.port}/", f"http://{PLAIN}:{self.plain.port}/"]
        world.flags += ["--upstream-ca", certificates.shared().certificate,
                        "--allow", f"{HOST}:{self.secure.port}", "--allow", f"{PLAIN}:{self.plain.port}"]

    def with_user(self) -> str:
        """The proxy's URL with its user."""
        return self.squid.url.replace("//", f"//{urllib.parse.quote(USER, safe='')}@")

    def with_password(self) -> str:
        """The same with the password."""
        user, word = (urllib.parse.quote(one, safe="") for one in (USER, PASSWORD))
        return self.squid.url.replace("//", f"//{user}:{word}@")

    def fetch(self, *flags, url=None, captured=False, **keywords):
        """What curl gets in the sandbox, from both sites or from one."""
        how = ["--noproxy", "*"] if captured else []
        urls = [url] if url else self.urls
        return self.world.launch("curl", "-sSi", "--http1.1", "--suppress-connect-headers", "--max-time", "50",
                                 *how, *urls, flags=list(flags), **keywords)

    def both(self, *flags, **keywords):
        """Both sites are reached, through squid."""
        result = self.fetch(*flags, **keywords).ok()
        assert f"hello from {HOST}" in result.out and f"hello from {PLAIN}" in result.out, result.describe()
        self.logged(f"CONNECT {HOST}:{self.secure.port}")
        self.logged(f"GET {self.urls[1]}")
        return result

    def logged(self, line):
        """Squid has seen it; a tunnel is logged when it ends."""
        process.eventually(lambda: line in self.squid.text("access.log"), f"{line} in squid's log")


@pytest.fixture
def place(world):
    """See Place."""
    return Place(world)


@pytest.mark.parametrize("captured", [False, True])
def test_the_password_comes_from_the_vault(place, captured):
    """A site is not reached through a proxy whose password is in the vault."""
    place.world.unlock()
    place.world.secret("token/proxy", PASSWORD)
    place.both("--upstream-proxy", place.with_user(), "--upstream-proxy-credential", "token/proxy",
               captured=captured)
    record = place.world.audited(host=PLAIN)[0]
    assert record["credential"] == "token/proxy"


def test_the_vault_may_hold_user_and_password(place):
    """USER:PASSWORD as one secret is not taken."""
    place.world.unlock()
    place.world.secret("token/proxy", f"{USER}:{PASSWORD}")
    place.both("--upstream-proxy", place.squid.url, "--upstream-proxy-credential", "token/proxy")


def test_the_password_comes_from_the_environment_only_when_asked(place):
    """HTTPS_PROXY is heeded unasked, or not when asked; the sandbox sees the password."""
    env = {"HTTPS_PROXY": place.with_password(), "NO_PROXY": "other.test, strange/entry"}
    place.both("--upstream-proxy", "env", env=env)
    seen = place.world.shell("cat /proc/self/environ; env", flags=["--upstream-proxy", "env"], env=env)
    place.world.secret_free(seen.ok().stdout, PASSWORD, urllib.parse.quote(PASSWORD))
    unasked = place.fetch(url=place.urls[0], env=env)
    assert "hello" not in unasked.out, unasked.describe()


def test_the_password_comes_from_a_file_and_survives_the_daemon(place):
    """@FILE is not read, or a new daemon does not know the password any more."""
    path = place.world.write("../proxy", place.with_password() + "\n", 0o600)
    place.both("--upstream-proxy", f"@{path}")
    ready, go = "ready", "go"
    child = place.world.launch_start(
        "sh", "-c", f"touch {ready}; while ! test -e {go}; do sleep 0.05; done; "
        f"curl -sS --retry 20 --retry-all-errors --retry-delay 1 --fail {place.urls[0]}",
        flags=["--upstream-proxy", f"@{path}"])
    process.eventually(lambda: _there(place.world, ready), "the launch is up")
    process.end(place.world.daemon_pid())
    place.world.write(go, "")
    out, err = child.communicate(timeout=60)
    assert out == f"hello from {HOST}\n".encode(), err


def _there(world, name) -> bool:
    try:
        world.read(name)
        return True
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("flags, words", [
    (["--upstream-proxy", "http://me:s3cret@p.test:1"], ["--upstream-proxy-credential", "@FILE"]),
    (["--upstream-proxy", "http://me@p.test:1"], ["--upstream-proxy-credential"]),
    (["--upstream-proxy", "https://p.test:1"], ["https://"]),
    (["--upstream-proxy", "env"], ["HTTPS_PROXY"]),
    (["--upstream-proxy", "@/nonexistent"], ["/nonexistent"]),
    (["--no-proxy", "a.test"], ["--upstream-proxy"]),
    (["--upstream-proxy", "http://p.test:1", "--no-proxy", "a/b"], ["a/b"]),
])
def test_what_cannot_be_meant_is_refused_at_once(world, flags, words):
    """A wrong proxy flag starts something, or the message does not say what to do."""
    result = world.launch("true", flags=flags)
    assert result.rc in (64, 78), result.describe()
    assert all(word in result.err for word in words) and "s3cret" not in result.err, result.describe()


def test_a_wrong_password_and_none_are_told(place):
    """407 of the proxy reaches the client as it is, or without a hint."""
    place.world.unlock()
    place.world.secret("token/proxy", "wrong")
    for flags in (["--upstream-proxy", place.squid.url],
                  ["--upstream-proxy", place.with_user(), "--upstream-proxy-credential", "token/proxy"]):
        for url in place.urls:
            result = place.fetch(*flags, url=url)
            assert result.out.startswith("HTTP/1.1 502 "), result.describe()
            assert "upstream_proxy_auth" in result.out and "Proxy-Authenticate" not in result.out
    assert not place.secure.seen() and not place.plain.seen()


def test_a_missing_credential_is_told(place):
    """A vault without the entry lets the request go without it."""
    place.world.unlock()
    for url in place.urls:
        result = place.fetch("--upstream-proxy", place.with_user(), "--upstream-proxy-credential",
                             "token/proxy", url=url)
        assert "credential_missing" in result.out, result.describe()


def test_what_the_proxy_refuses_is_told_in_its_words(place):
    """A port that the proxy does not tunnel to is a mystery."""
    place.world.flags += ["--allow", f"{HOST}:9"]
    path = place.world.write("../proxy", place.with_password())
    result = place.fetch("--upstream-proxy", f"@{path}", url=f"https://{HOST}:9/")
    assert result.out.startswith("HTTP/1.1 502 ") and "403" in result.out, result.describe()
    assert "upstream_proxy_refused" in result.out


def test_a_proxy_that_is_down_is_told(place):
    """A proxy that refuses connections is a mystery."""
    result = place.fetch("--upstream-proxy", "http://127.0.0.1:1", url=place.urls[0])
    assert "upstream_proxy_unreachable" in result.out and "127.0.0.1:1" in result.out, result.describe()


def test_no_proxy_hosts_are_reached_directly(place):
    """--no-proxy names a host and it goes through the proxy, or the others do not."""
    site = place.world.site("near.test")
    path = place.world.write("../proxy", place.with_password())
    flags = ["--upstream-proxy", f"@{path}", "--no-proxy", "near.test"]
    assert "hello from near.test" in place.fetch(*flags, url="https://near.test/").out
    assert len(site.seen()) == 1 and "near.test" not in place.squid.text("access.log")
    place.both(*flags)


def test_connect_to_goes_through_the_proxy(place):
    """--connect-to goes around the proxy, or the proxy is asked for the name."""
    place.world.attach(place.secure, (HOST,), 443)
    path = place.world.write("../proxy", place.with_password())
    result = place.fetch("--upstream-proxy", f"@{path}", url=f"https://{HOST}/")
    assert f"hello from {HOST}" in result.out, result.describe()
    place.logged(f"CONNECT 127.0.0.1:{place.secure.port}")


def test_private_places_are_not_asked_of_the_proxy(place):
    """A literal private address, or a name that is one by its form, is handed to the proxy."""
    path = place.world.write("../proxy", place.with_password())
    for host in ("10.1.2.3", "169.254.169.254", "localhost", "metadata.google.internal"):
        result = place.fetch("--profile", "open", "--upstream-proxy", f"@{path}", "--no-proxy", "none.test",
                             url=f"https://{host}/")
        assert "address_not_public" in result.out, result.describe()
    assert "CONNECT" not in place.squid.text("access.log")


def test_a_download_and_an_upload_arrive_whole(place):
    """Bytes are lost between the proxy and us."""
    path = place.world.write("../proxy", place.with_password())
    script = "\n".join(
        f"curl -sS {url}bytes?n=3000000 | cmp -n 3000000 - body && "
        f"curl -sS --data-binary @body {url}echo | cmp - body && echo good" for url in place.urls)
    place.world.write("body", sites.BLOCK * 3)
    result = place.world.shell(script, flags=["--upstream-proxy", f"@{path}"])
    assert result.out == "good\ngood\n", result.describe()
