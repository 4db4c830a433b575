"""Real clients reach an allowed site from the sandbox, with and without knowing of a proxy."""

import json
import os

import pytest

HOST = "site.test"


@pytest.fixture
def site(any_world):
    """A site that launches of `any_world` may reach."""
    return any_world.site(HOST)


def test_curl_by_its_proxy_settings(any_world, site):
    """curl that honours HTTPS_PROXY does not reach an allowed host."""
    assert any_world.launch("curl", "-sS", f"https://{HOST}/").ok().out == f"hello from {HOST}\n"
    assert len(site.seen("/")) == 1


def test_curl_that_ignores_the_proxy_is_captured(any_world, site):
    """A client that knows of no proxy does not reach an allowed host."""
    result = any_world.launch("curl", "-sS", "--noproxy", "*", f"https://{HOST}/").ok()
    assert result.out == f"hello from {HOST}\n"
    assert [one["host"] for one in any_world.audited(kind="request")] == [HOST]


def test_a_client_that_speaks_ipv6_alone_is_captured(any_world, site):
    """curl -6 that knows of no proxy does not reach an allowed host, or went over IPv4."""
    result = any_world.launch("curl", "-6", "-sS", "--noproxy", "*", "-w", "%{remote_ip}",
                              f"https://{HOST}/").ok()
    body, address = result.out.splitlines()
    assert body == f"hello from {HOST}" and ":" in address, result.describe()
    assert [one["host"] for one in any_world.audited(kind="request")] == [HOST]


def test_plain_http_by_proxy_and_captured(any_world):
    """http:// does not work, in absolute form or captured by Host."""
    any_world.site("plain.test", tls=False)
    for flags in ([], ["--noproxy", "*"]):
        result = any_world.launch("curl", "-sS", *flags, "http://plain.test/").ok()
        assert result.out == "hello from plain.test\n"


def test_another_port_by_proxy_and_captured(any_world):
    """A port that an allow rule names is not reachable."""
    any_world.site("port.test", port=8443)
    any_world.site("plainport.test", port=8080, tls=False)
    for flags in ([], ["--noproxy", "*"]):
        for url in ("https://port.test:8443/", "http://plainport.test:8080/"):
            result = any_world.launch("curl", "-sS", *flags, url).ok()
            assert result.out.startswith("hello from"), result.describe()


def test_curl_with_an_emptied_environment_is_captured(any_world, site):
    """Without any environment (so also without CA variables) the connection is not intercepted."""
    result = any_world.launch("env", "-i", "/usr/bin/curl", "-sS", "--cacert", "/run/aileron/ca.pem",
                              f"https://{HOST}/").ok()
    assert result.out == f"hello from {HOST}\n"


def test_wget(any_world, site):
    """wget does not reach an allowed host."""
    for flags in ([], ["--no-proxy"]):
        result = any_world.launch("wget", "-q", "-O", "-", *flags, f"https://{HOST}/").ok()
        assert result.out == f"hello from {HOST}\n"


def test_openssl_s_client(any_world, site):
    """openssl s_client does not get a certificate for the name that the session's CA signed."""
    script = (f"printf 'GET / HTTP/1.1\\r\\nHost: {HOST}\\r\\nConnection: close\\r\\n\\r\\n' | "
              f"openssl s_client -quiet -verify_return_error -verify_hostname {HOST} "
              f"-CAfile /run/aileron/ca.pem -connect {HOST}:443 -servername {HOST} -ign_eof 2>&1")
    result = any_world.shell(script)
    assert f"hello from {HOST}" in result.out, result.describe()


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_both_tls_versions_towards_the_client(world, version):
    """A client with only one of TLS 1.2 and 1.3 is turned away."""
    world.site(HOST)
    script = (f"echo | openssl s_client {version} -verify_return_error -CAfile /run/aileron/ca.pem "
              f"-connect {HOST}:443 -servername {HOST} 2>&1 | grep -E '^ *Protocol|^New,|Verif'")
    result = world.shell(script)
    wanted = {"-tls1_2": "TLSv1.2", "-tls1_3": "TLSv1.3"}[version]
    assert wanted in result.out and "error" not in result.out, result.describe()


def test_old_tls_is_refused(world):
    """TLS 1.1 is spoken towards the client."""
    world.site(HOST)
    result = world.shell(f"echo | openssl s_client -tls1_1 -cipher DEFAULT@SECLEVEL=0 -connect "
                         f"{HOST}:443 -servername {HOST} 2>&1")
    assert "Cipher is (NONE)" in result.out or "alert" in result.out, result.describe()


PYTHON = """
import json, sys, urllib.request
for path in ('/', '/trailers', '/until-close'):
    with urllib.request.urlopen('https://site.test' + path) as answer:
        body = answer.read()
        assert answer.status == 200 and body, path
request = urllib.request.Request('https://site.test/echo', b'posted', method='POST')
print(urllib.request.urlopen(request).read().decode())
"""


def test_python_urllib(any_world, site):
    """python3's urllib does not work as usual."""
    for env in ([], ["--env", "HTTPS_PROXY=", "--env", "https_proxy="]):
        result = any_world.launch("/usr/bin/python3", "-c", PYTHON, flags=env).ok()
        assert result.out == "posted\n"


REQUESTS = """
import requests
session = requests.Session()
for _ in range(3):
    assert session.get('https://site.test/').text == 'hello from site.test\\n'
answer = session.put('https://site.test/echo', data=(piece for piece in [b'a' * 1000] * 50))
assert len(answer.content) == 50000
assert session.head('https://site.test/').headers['Content-Length']
print('works')
"""


def test_python_requests(any_world, site):
    """python3's requests does not work as usual."""
    result = any_world.launch("/usr/bin/python3", "-c", REQUESTS).ok()
    assert result.out == "works\n"


NODE = """
const https = require('https');
const get = () => new Promise((resolve, reject) => https.get('https://site.test/', answer => {
  let body = ''; answer.on('data', piece => body += piece); answer.on('end', () => resolve(body));
}).on('error', reject));
(async () => {
  const one = await get();
  const two = await (await fetch('https://site.test/echo', {method: 'POST', body: 'posted'})).text();
  const three = await (await fetch('https://site.test/headers')).json();
  console.log(JSON.stringify([one, two, three.method]));
})().catch(error => { console.error(error); process.exit(1); });
"""


def test_node_https_and_fetch(any_world, site):
    """node's https module or fetch does not work, though neither knows of proxies."""
    any_world.write("client.js", NODE)
    result = any_world.launch("node", os.path.join(any_world.workspace, "client.js")).ok()
    assert json.loads(result.out) == [f"hello from {HOST}\n", "posted", "GET"]


def test_each_session_has_its_own_authority(world):
    """Two sessions share a CA, so one could impersonate sites to the other."""
    script = "openssl x509 -in /run/aileron/ca.pem -noout -fingerprint -sha256 -dates -text"
    first, second = (world.shell(script).ok().out for _ in range(2))
    assert first.splitlines()[0] != second.splitlines()[0]
    assert "id-ecPublicKey" in first and "CA:TRUE" in first and "256 bit" in first


def test_the_authoritys_key_is_nowhere_in_the_sandbox(world):
    """The session CA's private key is readable inside."""
    result = world.shell("grep -rlsI -e '-----BEGIN .*PRIVATE KEY' /run /tmp /dev/shm /proc/1/environ 2>/dev/null; true")
    assert result.ok().out == ""


def test_the_leaf_certificate_is_for_the_name_and_short_lived(world):
    """The intercepted certificate has another name, or lives for years."""
    world.site(HOST)
    script = (f"echo | openssl s_client -connect {HOST}:443 -servername {HOST} 2>/dev/null | "
              "openssl x509 -noout -ext subjectAltName -checkend 3000000 ; true")
    text = world.shell(script).ok().out
    assert f"DNS:{HOST}" in text and "will expire" in text, text


def test_keep_alive_towards_both_sides(world):
    """Each request opens a new connection to the site."""
    site = world.site(HOST)
    urls = [f"https://{HOST}/?{number}" for number in range(20)]
    result = world.launch("curl", "-sS", "-w", "%{num_connects}\n", "-o", "/dev/null", *urls,
                          *["-o", "/dev/null"] * 19).ok()
    assert sum(map(int, result.out.split())) == 1
    assert len(site.seen()) == 20 and site.accepted <= 3


def test_many_connections_at_once(world):
    """Parallel requests fail or get each other's answers."""
    world.site(HOST)
    script = (f"for i in $(seq 1 100); do echo https://{HOST}/echo?$i; done | xargs -P 16 -n 1 sh -c "
              "'[ \"$(curl -sS --data-binary \"$0\" \"$0\")\" = \"$0\" ] && echo good' | wc -l")
    assert world.shell(script, timeout=120).ok().out.strip() == "100"
