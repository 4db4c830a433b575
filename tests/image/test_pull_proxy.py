"""Pulls through a company's proxy: Debian's squid, with a password, as the user's environment names it."""

import base64
import json
import os
import urllib.parse

import pytest

from lib import builders, certificates, images, process, registry, sites
from lib.squid import PASSWORD, USER, Squid
from lib.stock import Stock

HOST = "registry.test"
_LOGIN = ("puller", "behind-the-proxy-81")


class Place:
    """A registry whose name means something to squid alone, and squid before it."""

    def __init__(self, world):
        self.world = world
        self.registry = registry.Registry(HOST, *_LOGIN)
        self.site = sites.Site("files.test")
        layout = images.Layout(os.path.join(world.root, "stock"))
        layout.add("1", [images.layer({"etc/": b"", "etc/name": b"x"})])
        self.plain = Stock(layout, names=("plain.test",))
        world.servers += [self.registry, self.site, self.plain]
        self.squid = Squid(world, [HOST, "files.test", "plain.test"], [self.registry.port, self.site.port])
        self.reference = f"{HOST}:{self.registry.port}/{registry.IMAGE}:1"
        ca = certificates.shared().certificate
        world.write(os.path.join(world.config, "aileron/registries.yaml"), "version: 1\nregistries:\n"
                    f"  {HOST}:{self.registry.port}: {{ca: {ca}}}\n  {HOST}:1: {{ca: {ca}}}\n"
                    f"  files.test:{self.site.port}: {{ca: {ca}}}\n  plain.test:{self.plain.port}: {{plain_http: true}}\n")
        pair = base64.b64encode(":".join(_LOGIN).encode()).decode()
        world.env["DOCKER_CONFIG"] = os.path.join(world.root, "docker")
        world.write(os.path.join(world.root, "docker/config.json"),
                    json.dumps({"auths": {f"{HOST}:{self.registry.port}": {"auth": pair}}}), 0o600)

    def url(self, user: str = USER, password: str = PASSWORD) -> str:
        """The proxy's, with its user."""
        words = (urllib.parse.quote(one, safe="") for one in (user, password))
        return self.squid.url.replace("//", f"//{':'.join(words)}@")

    def pull(self, env: dict, reference: str = ""):
        """What a pull says; never the proxy's password."""
        result = self.world.aileron("sandbox", "pull", reference or self.reference, env=env)
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        self.world.secret_free(result.out + result.err, PASSWORD, urllib.parse.quote(PASSWORD, safe=""), basic, _LOGIN[1])
        return result

    def log(self) -> str:
        """What squid was asked."""
        return self.squid.text("access.log")


@pytest.fixture
def place(world):
    """See Place."""
    return Place(world)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_an_image_comes_through_the_proxy(place, variable):
    """A registry behind the proxy is not reached, or is without it."""
    direct = place.pull({})
    assert direct.rc == 69 and HOST in direct.err and HOST not in place.log(), direct.describe()
    pulled = place.pull({variable: place.url()})
    assert pulled.rc == 0, pulled.describe()
    process.eventually(lambda: f"CONNECT {HOST}:{place.registry.port}" in place.log(), "squid has opened a tunnel")
    # The login was for the registry alone.
    assert _LOGIN[0] not in place.log()


def test_who_is_exempt_is_asked_without_it(place):
    """NO_PROXY is not heeded, or this machine is asked through a proxy."""
    for exempt in (HOST, ".test", "*"):
        result = place.pull({"HTTPS_PROXY": place.url(), "NO_PROXY": f"other.example,{exempt}"})
        assert result.rc == 69 and "proxy" not in result.err, result.describe()
    local = place.pull({"HTTPS_PROXY": place.url(), "http_proxy": place.url(), "NO_PROXY": ""}, "127.0.0.1:1/team/app:1")
    assert local.rc == 69 and "proxy" not in local.err, local.describe()
    assert "CONNECT" not in place.log() and "GET" not in place.log()


def test_what_a_proxy_refuses_is_told_with_who_names_it(place):
    """A proxy that wants a login, takes none, refuses or is not there is told as a registry, or with its password."""
    where = f"127.0.0.1:{place.squid.port}"
    nobody = place.pull({"HTTPS_PROXY": place.squid.url})
    assert nobody.rc == 69 and f"{where} (named by HTTPS_PROXY) wants a user" in nobody.err, nobody.describe()
    wrong = place.pull({"https_proxy": place.url(password="wrong")})
    assert wrong.rc == 69 and f"{where} (named by https_proxy) does not take the user" in wrong.err, wrong.describe()
    port = place.pull({"HTTPS_PROXY": place.url()}, f"{HOST}:1/team/app:1")
    assert port.rc == 69 and f"does not connect to {HOST}:1: 403" in port.err, port.describe()
    silent = sites.free_port()
    gone = place.pull({"HTTPS_PROXY": f"http://{urllib.parse.quote(USER)}:{urllib.parse.quote(PASSWORD)}@127.0.0.1:{silent}"})
    assert gone.rc == 69 and f"127.0.0.1:{silent}" in gone.err and "named by" in gone.err, gone.describe()
    bad = place.pull({"HTTPS_PROXY": place.url().replace("http://", "socks5://")})
    assert bad.rc != 0 and "HTTPS_PROXY" in bad.err, bad.describe()
    socks = place.pull({"ALL_PROXY": place.url().replace("http://", "socks5h://")})
    assert socks.rc != 0 and "ALL_PROXY" in socks.err, socks.describe()
    assert "Set https_proxy" in socks.err and f"add {HOST} to NO_PROXY" in socks.err, socks.describe()


def test_without_tls_the_proxy_is_asked_for_the_url(place):
    """http_proxy is not heeded for a registry without TLS, or HTTP_PROXY is."""
    reference = f"plain.test:{place.plain.port}/{Stock.NAME}:1"
    assert place.pull({"HTTP_PROXY": place.url()}, reference).rc == 69
    pulled = place.pull({"http_proxy": place.url()}, reference)
    assert pulled.rc == 0, pulled.describe()
    assert f"GET http://plain.test:{place.plain.port}/v2/{Stock.NAME}/manifests/1" in place.log()
    assert all(not one.header("Proxy-Authorization") for one in place.plain.seen())


def test_a_feature_comes_through_the_proxy(place):
    """A feature's tarball is not fetched through the proxy."""
    world = place.world
    builder = builders.Builder(world)
    builder.base("dev.example/base:1", images.busybox("chmod", "cut", "echo"), Env=["PATH=/bin", "HOME=/root"])
    tar = images.layer({"devcontainer-feature.json": json.dumps({"id": "tool", "version": "1.0.0", "name": "t"}).encode(),
                        "install.sh": b"#!/bin/sh\necho through >/said\n"})
    place.site.routes["/devcontainer-feature-tool.tgz"] = lambda request: request.answer(tar)
    world.write(".devcontainer/devcontainer.json", json.dumps({
        "image": "dev.example/base:1",
        "features": {f"https://files.test:{place.site.port}/devcontainer-feature-tool.tgz": {}}}))
    build = ("sandbox", "build", "--yes", "--json")
    assert world.aileron(*build, timeout=120).rc != 0
    made = world.aileron(*build, env={"HTTPS_PROXY": place.url()}, timeout=120)
    assert made.rc == 0, made.describe()
    world.secret_free(made.out + made.err, PASSWORD, urllib.parse.quote(PASSWORD, safe=""))
    process.eventually(lambda: f"CONNECT files.test:{place.site.port}" in place.log(), "squid has opened a tunnel")
