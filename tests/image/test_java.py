"""Java inside believes the session's authority, by stores of its own that nothing else heeds."""

import contextlib
import glob
import os
import re
import signal
import subprocess
import time

import pytest

from lib import images

HOST = "java.test"
_GET = """
import java.net.*;
public class Get {
  public static void main(String[] words) throws Exception {
    URLConnection connection = new URL(words[0]).openConnection();
    System.out.print(new String(connection.getInputStream().readAllBytes()));
  }
}
"""
_HOMES = sorted({os.path.realpath(path) for path in glob.glob("/usr/lib/jvm/*") if os.path.exists(f"{path}/bin/java")})
_ALIAS = "aileron session authority"


def _keytool(*words) -> str:
    return subprocess.run(["keytool", *words], check=True, capture_output=True, text=True, timeout=120).stdout


@pytest.fixture(name="authority", scope="module")
def _authority(tmp_path_factory) -> str:
    """An authority of the image's own, in a file."""
    folder = tmp_path_factory.mktemp("java")
    path = str(folder / "one.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    str(folder / "key"), "-out", path, "-subj", "/CN=of the image"], check=True, capture_output=True)
    return path


def _store(authority: str, kind: str, *options) -> bytes:
    """What keytool makes, with one certificate, "one"."""
    path = f"{authority}.{kind}-{len(options)}"
    if not os.path.exists(path):
        _keytool(*options, "-importcert", "-noprompt", "-alias", "one", "-file", authority, "-storetype", kind, "-storepass",
                 "changeit", "-keystore", path)
    with open(path, "rb") as file:
        return file.read()


def _clear(authority: str) -> bytes:
    """As JDK 18 and later have theirs: without a password."""
    return _store(authority, "PKCS12", "-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE",
                  "-J-Dkeystore.pkcs12.macAlgorithm=NONE")


def test_a_java_program_reaches_a_site_that_is_intercepted(any_world):
    """A program of Java's does not believe what the sandbox intercepts, or loses the host's authorities."""
    site = any_world.site(HOST)
    any_world.write("Get.java", _GET)
    subprocess.run(["javac", "--release", "11", "Get.java"], check=True, capture_output=True, cwd=any_world.workspace)
    assert _HOMES, "install default-jdk-headless"
    for home in _HOMES:
        result = any_world.launch(f"{home}/bin/java", "-cp", ".", "Get", f"https://{HOST}/")
        assert result.rc == 0 and result.out == f"hello from {HOST}\n", result.describe()
        listed = any_world.launch(f"{home}/bin/keytool", "-list", "-cacerts", "-storepass", "changeit").ok().out
        count = int(re.search(r"contains (\d+) entr", listed).group(1))
        before = _keytool("-list", "-keystore", f"{home}/lib/security/cacerts", "-storepass", "changeit")
        assert count == 1 + int(re.search(r"contains (\d+) entr", before).group(1)) and _ALIAS in listed
        assert _ALIAS not in before
    assert len(site.seen("/")) == len(_HOMES)


def test_the_check_finds_it_in_the_store(world):
    """`sandbox check` says still that Java trusts what its own store has."""
    found = {one["name"]: one for one in world.json("sandbox", "check")}
    assert found["Java's trust store"]["state"] == "ok" and "cacerts" in found["Java's trust store"]["detail"], found


def test_an_images_stores_of_both_kinds_get_it_and_keep_their_own(any_world, authority):
    """A store of an image is left as it is, or loses what it had; or one where JAVA_HOME is."""
    stores = {"etc/pki/java/cacerts": _store(authority, "JKS"), "opt/java/openjdk/lib/security/cacerts": _clear(authority),
              "odd/place/jre/lib/security/cacerts": _clear(authority),
              "usr/local/mac/lib/security/cacerts":
                  _store(authority, "PKCS12", "-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE")}
    layer = images.busybox("cp", "cmp", "wc")
    for name, content in stores.items():
        layer.file(name, content)
    # Whoever read this would wait for ever; a file in its place could name libraries that OpenSSL loads.
    layer.fifo("usr/lib/ssl/openssl.cnf")
    layer.link("usr/lib/jvm/eight/lib/security/cacerts", "/etc/pki/java/cacerts")
    reference = images.layout(any_world, "java", layer, Env=["JAVA_HOME=/odd/place", "PATH=/bin"])
    copies = "".join(f"cat /{name} > {number}; " for number, name in enumerate(stores))
    any_world.shell(f"{copies} cmp /usr/lib/jvm/eight/lib/security/cacerts 0; cp /run/aileron/ca.pem .; "
                    "if echo x >> /etc/pki/java/cacerts; then exit 9; fi 2>/dev/null",
                    flags=["--image", reference]).ok()
    ours = subprocess.run(["openssl", "x509", "-in", f"{any_world.workspace}/ca.pem", "-outform", "DER"], check=True,
                          capture_output=True).stdout
    for number in range(len(stores)):
        path = f"{any_world.workspace}/{number}"
        listed = _keytool("-list", "-v", "-keystore", path, "-storepass", "changeit")
        assert "contains 2 entr" in listed and "Alias name: one" in listed and "CN=of the image" in listed, listed
        exported = subprocess.run(["keytool", "-exportcert", "-alias", _ALIAS, "-keystore", path, "-storepass", "changeit"],
                                  check=True, capture_output=True).stdout
        assert exported == ours


def test_what_is_no_store_of_certificates_stays_and_holds_nobody(any_world, authority):
    """A file of an image's, in the place of a store, stops the launch, or gets out what it leads to."""
    stray = {"usr/java/none/lib/security/cacerts": b"no store at all", "opt/empty/lib/security/cacerts": b"",
             "opt/cut/lib/security/cacerts": _store(authority, "JKS")[:-30],
             "opt/secret/lib/security/cacerts": _store(authority, "JKS"),
             "opt/locked/lib/security/cacerts": _store(authority, "PKCS12"),
             "opt/long/lib/security/cacerts": b"\xfe\xed\xfe\xed\0\0\0\2\0\0\0\x7f" + b"\0" * (5 << 20)}
    layer = images.busybox("cp", "cmp", "wc")
    for name, content in stray.items():
        layer.file(name, content, 0o600 if "secret" in name else 0o644)
    layer.link("opt/token/lib/security/cacerts", "/run/aileron/token").fifo("opt/pipe/lib/security/cacerts")
    layer.link("opt/turning/lib/security/cacerts", "cacerts").link("opt/device/lib/security/cacerts", "/dev/zero")
    layer.folder("opt/folder/lib/security/cacerts")
    reference = images.layout(any_world, "stray", layer)
    result = any_world.shell("ls /run/aileron; cat /run/aileron/token | wc -c; wc -c /opt/long/lib/security/cacerts; "
                             "cat /usr/java/none/lib/security/cacerts", flags=["--image", reference]).ok()
    assert "java-cacerts" not in result.out and f"{(5 << 20) + 12} /opt" in result.out, result.describe()
    assert result.out.endswith("no store at all")


def _slow(world, name: str, count: int, password: str) -> str:
    """An image with so many stores, whose MACs take as many rounds as one may; its reference."""
    made = str(world.root) + "/slow"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", made,
                    "-out", f"{made}.pem", "-subj", "/CN=slow"], check=True, capture_output=True)
    subprocess.run(["openssl", "pkcs12", "-export", "-nokeys", "-in", f"{made}.pem", "-out", f"{made}.p12", "-certpbe", "NONE",
                    "-passout", f"pass:{password}", "-iter", "200000"], check=True, capture_output=True)
    with open(f"{made}.p12", "rb") as file:
        store = file.read()
    layer = images.busybox("sleep")
    for number in range(count):
        layer.file(f"usr/lib/jvm/{number}/lib/security/cacerts", store, 0o644)
    return images.layout(world, name, layer)


def test_no_number_of_stores_holds_a_launch(world):
    """An image has so many stores, each within the bounds of one, that a launch takes minutes."""
    reference = _slow(world, "slow", 250, "another")
    world.launch("sleep", "0", flags=["--image", reference], timeout=120).ok()  # unpacked
    begin = time.monotonic()
    world.launch("sleep", "0", flags=["--image", reference], timeout=120).ok()
    assert time.monotonic() - begin < 8


def _read(pid: int, name: str) -> str:
    try:
        with open(f"/proc/{pid}/{name}", encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _stop_building(launcher: int) -> bool:
    """Stops a sandbox's first process while it builds; whether it came in time, before that is another program."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for child in map(int, _read(launcher, f"task/{launcher}/children").split()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGSTOP)
            time.sleep(0.05)  # one that only maps ids is ended by the launcher
            state = _read(child, "stat").rpartition(")")[2].split()[:1]
            if state == ["T"]:
                if _read(child, "cmdline") == _read(launcher, "cmdline"):
                    return True
                os.kill(child, signal.SIGCONT)
                return False
    return False


def test_a_launch_that_is_being_built_ends_by_a_signal(world):
    """Ctrl-C or SIGTERM waits until the sandbox's first process is done."""
    reference = _slow(world, "slow", 2, "another")
    world.launch("sleep", "0", flags=["--image", reference], timeout=120).ok()
    for _ in range(20):
        launch = world.launch_start("sleep", "30", flags=["--image", reference])
        try:
            if _stop_building(launch.pid):
                launch.send_signal(signal.SIGTERM)
                assert launch.wait(timeout=20) == 128 + signal.SIGTERM
                return
        finally:
            launch.kill()
            launch.wait(timeout=20)
    raise AssertionError("no launch was met while it was built")


def test_the_store_that_wins_is_the_one_that_is_told(any_world, authority):
    """jssecacerts, which Java prefers to cacerts, stays without the session's authority."""
    layer = images.busybox("cp")
    layer.file("opt/one/lib/security/cacerts", _store(authority, "JKS"), 0o644)
    layer.file("opt/one/lib/security/jssecacerts", _store(authority, "JKS"), 0o644)
    reference = images.layout(any_world, "wins", layer)
    any_world.shell("cp /opt/one/lib/security/jssecacerts .", flags=["--image", reference]).ok()
    listed = _keytool("-list", "-keystore", os.path.join(any_world.workspace, "jssecacerts"), "-storepass", "changeit")
    assert _ALIAS in listed, listed
