"""An image as the root of a sandbox: what is in it is seen, nothing of the host is, and its links lead nowhere."""

import json
import os

import pytest

from lib import images
from lib.images import Layer

HOST = "api.test"
SECRET = "sk-image-77aa0c"


def _launch(world, reference: str, script: str, *flags, **more):
    return world.launch("sh", "-c", script, flags=["--image", reference, *flags], **more)


@pytest.fixture
def plain(any_world):
    """A world with an image of busybox alone."""
    any_world.image = images.layout(any_world, "plain", images.busybox())
    return any_world


def test_the_image_is_the_root(plain):
    """A program of the image does not run, or something of the host's root is seen."""
    plain.write("in-workspace", "mine")
    plain.home_used = True
    outside = plain.write(os.path.join(plain.home, "host-only"), "x")
    result = _launch(plain, plain.image, f"id -u; id -un; pwd; echo $HOME; cat in-workspace; ls /; test -e {outside} || echo hidden; "
                     "ls /home; readlink /proc/1/root; cat /proc/1/comm").ok()
    lines = result.out.split("\n")
    uid = "1000" if os.geteuid() == 0 and plain.uid == 0 else str(plain.uid)
    assert lines[0] == uid and lines[1] == "agent", result.describe()
    assert lines[2:5] == ["/home/agent/workspace", "/home/agent", "minebin"], result.describe()
    assert "usr" not in lines and "hidden" in lines and "aileron" in result.out


def test_what_is_written_is_private_or_the_workspaces(plain):
    """The root can be written, the usual places cannot, or one of them is shared with another sandbox."""
    script = ("touch /x /etc/x /bin/x; echo root $?; for f in /tmp /var/tmp /dev/shm $HOME; do echo a > $f/x || echo no $f; done; "
              "echo here > made; cat /tmp/x; ls -l /bin/sh >/dev/null && echo bin")
    result = _launch(plain, plain.image, script).ok()
    assert "root 1" in result.out and "no /" not in result.out and "bin" in result.out, result.describe()
    assert plain.read("made") == "here\n" and os.stat(os.path.join(plain.workspace, "made")).st_uid == plain.uid
    again = _launch(plain, plain.image, "ls /tmp /var/tmp $HOME /x /etc/x").out
    assert "/x" not in again and "\nx" not in again, again


def test_layers_lie_over_each_other(any_world):
    """Removed files are there, replaced ones are old, or an opaque folder shows what is below it."""
    reference = images.layout(
        any_world, "layers", images.busybox(),
        Layer().folder("data").file("data/old", "1").file("data/gone", "2").folder("data/sub").file("data/sub/a", "3")
        .folder("kept").file("kept/a", "4").file("was-file", "5").folder("was-folder").file("was-folder/a", "6"),
        Layer().file("data/old", "new").whiteout("data/gone").opaque("data/sub").file("data/sub/b", "7")
        .folder("was-file").file("was-file/a", "8").file("was-folder", "9").hard_link("same", "was-folder"))
    result = _launch(any_world, reference, "cd /; find data kept was-file was-folder same -type f | while read f; do "
                     "echo $f=$(cat $f); done").ok()
    assert sorted(result.out.split()) == ["data/old=new", "data/sub/b=7", "kept/a=4", "same=9", "was-file/a=8", "was-folder=9"]


def test_the_images_settings_hold(any_world):
    """Env, Entrypoint, Cmd or PATH of the image do not hold, or change what the contract says."""
    reference = images.layout(any_world, "settings", images.busybox().file("opt/tool", "#!/bin/sh\necho tool $@\n", 0o755),
                              Env=["PATH=/opt:/bin", "JAVA_HOME=/java", "HOME=/root", "AILERON_TOKEN=x", "HTTPS_PROXY="],
                              Entrypoint=["/bin/env", "A=1"], Cmd=["sh", "-c", "echo by-default $A"])
    assert any_world.launch(flags=["--image", reference]).ok().out == "by-default 1\n"
    result = _launch(any_world, reference, "tool; echo $A $JAVA_HOME $HOME $HTTPS_PROXY $SHELL; echo $AILERON_SANDBOX_TIER "
                     "$AILERON_SANDBOX_IMAGE; echo $PATH; test $AILERON_TOKEN != x && echo token", env={"LANG": "de_DE.UTF-8"}).ok()
    lines = result.out.split("\n")
    assert lines[0] == "tool" and lines[1] == "1 /java /home/agent http://127.0.0.1:3128 /bin/sh", result.describe()
    assert lines[2].startswith("image ") and "@sha256:" in lines[2] and lines[4] == "token"
    assert lines[3] == "/run/aileron/bin:/opt:/bin"


def test_a_session_says_which_image_it_runs(plain):
    """The list of sessions, or the file in the sandbox, names another tier or image."""
    result = _launch(plain, plain.image, "cat /run/aileron/session.json").ok()
    inside = json.loads(result.out)
    assert inside["tier"] == "image" and inside["workspace"] == "/home/agent/workspace"
    session, = plain.json("session", "list", "--all")
    assert session["tier"] == "image" and session["image"].startswith("oci:") and "@sha256:" in session["image"]


def test_requests_go_through_the_data_plane(any_world):
    """A program of the image reaches a site without its credential, does not trust it, or sees the secret."""
    site = any_world.bound(HOST, SECRET, scheme="bearer")
    reference = images.layout(any_world, "curl", images.add_program(images.busybox(), "/usr/bin/curl"))
    result = _launch(any_world, reference, f"curl -sS https://{HOST}/by-proxy; curl -sS --noproxy '*' https://{HOST}/captured; env").ok()
    any_world.secret_free(result.stdout + result.stderr, SECRET)
    for path in ("/by-proxy", "/captured"):
        assert site.seen(path) and site.seen(path)[0].header("authorization") == [f"Bearer {SECRET}"], result.describe()


def test_rules_about_commands_hold_in_an_image(any_world):
    """A program of an image is not taken for the system's, or one of the agent's by its name is."""
    with open(images.BUSYBOX, "rb") as file:
        program = file.read()
    reference = images.layout(any_world, "rules", images.busybox().folder("opt").file("opt/tool", program, 0o755),
                               Env=["PATH=/opt:/bin"])
    any_world.write("tool", program, 0o755)
    flags = ["--command-default", "deny", "--command-allow=sh **", "--command-allow=tool **"]
    script = "tool 2>&1 | head -n1 >/dev/null; tool; echo image $?; ./tool; echo own $?; PATH=$PWD tool; echo path $?"
    result = _launch(any_world, reference, script, *flags)
    assert "image 126" not in result.out and "own 126" in result.out and "path 126" in result.out, result.describe()
    denied = _launch(any_world, reference, "touch forbidden; env touch forbidden", "--command-deny", "touch forbidden")
    assert denied.rc != 0 and not os.path.exists(os.path.join(any_world.workspace, "forbidden"))


@pytest.mark.parametrize("name", ["dev", "proc", "sys", "run", "tmp", "var", "etc", "home", "var/tmp"])
def test_a_link_in_the_place_of_a_folder_is_refused(any_world, name):
    """An image leads what is mounted for the sandbox to somewhere else."""
    layer = images.busybox() if name != "etc" else Layer().folder("bin").file("bin/sh", b"", 0o755)
    reference = images.layout(any_world, "link", layer.link(name, "/home/agent/workspace") if "/" not in name
                              else layer.folder("var").link(name, "/home/agent/workspace"))
    result = _launch(any_world, reference, "true")
    assert result.rc == 125 and f"/{name}" in result.err and "image" in result.err, result.describe()
    assert os.listdir(any_world.workspace) == []


@pytest.mark.parametrize("target", ["/proc/self/environ", "/proc/1/environ", "/proc/self/root/etc/shadow",
                                    "/../../../../etc/hostname", "/dev/stdin", "/proc/self/fd/0"])
@pytest.mark.parametrize("name", ["passwd", "group", "hosts", "resolv.conf"])
def test_a_file_of_the_image_that_leads_outside_brings_nothing_in(any_world, name, target):
    """The builder reads or writes a file of the host for an image."""
    layer = images.busybox() if name != "passwd" else Layer().folder("bin").folder("etc").file(
        "bin/busybox", open(images.BUSYBOX, "rb").read(), 0o755).link("bin/sh", "busybox").link("bin/cat", "busybox")
    reference = images.layout(any_world, "leads", layer.link(f"etc/{name}", target))
    result = any_world.launch("sh", "-c", f"cat /etc/{name} /etc/passwd", flags=["--image", reference, "--read-only"],
                              env={"MARKED": SECRET})
    assert SECRET not in result.out and "root:$" not in result.out, result.describe()
    assert os.listdir(any_world.workspace) == []


def test_canary_an_ordinary_file_is_read(plain):
    """Nothing of such a file is ever read."""
    result = _launch(plain, plain.image, "cat /etc/passwd").ok()
    first, *rest = result.out.splitlines()
    assert first.startswith("agent:x:") and any(line.startswith("node:") for line in rest)


def test_a_fifo_does_not_hold_the_launch(any_world):
    """A named pipe in the place of a file stops the launch for ever."""
    layer = Layer().folder("bin").folder("etc").file("bin/busybox", open(images.BUSYBOX, "rb").read(), 0o755)
    reference = images.layout(any_world, "fifo", layer.link("bin/sh", "busybox").fifo("etc/passwd").fifo("etc/group"))
    assert any_world.launch("sh", "-c", "echo on", flags=["--image", reference]).ok().out == "on\n"


def test_an_image_without_anything_has_what_a_sandbox_needs(any_world):
    """An image of one program does not start, or has no /dev, /proc, /etc or /tmp."""
    layer = Layer().file("busybox", open(images.BUSYBOX, "rb").read(), 0o755)
    reference = images.layout(any_world, "bare", layer)
    result = any_world.launch("/busybox", "sh", "-c", "/busybox ls /; /busybox cat /etc/hosts; echo x > /dev/null; /busybox ls /proc/1",
                              flags=["--image", reference]).ok()
    assert {"dev", "etc", "busybox", "home", "proc", "run", "sys", "tmp", "var"} <= set(result.out.split())
    assert "aileron.internal" in result.out


def test_an_image_without_layers_is_no_root(any_world):
    """For an image of nothing the agent runs in the host's root."""
    reference = images.layout(any_world, "empty", Cmd=["/bin/ls"])
    result = any_world.launch("ls", "/", flags=["--image", reference])
    assert result.rc == 125 and result.out == "" and "layers" in result.err, result.describe()


def test_files_of_mounts_and_policies_stand_in_an_image(plain):
    """What a mount or a policy shows is not there, or what it hides is."""
    plain.write("shown/x", "shown")
    plain.write("conf/key", "KEY")
    plain.write("aileron.yaml", json.dumps({"version": 1, "files": [{"path": "conf", "access": "hidden"},
                                                                    {"path": "shown", "access": "read-only"}]}))
    data = plain.write(os.path.join(plain.root, "data", "d"), "data")
    result = _launch(plain, plain.image, "cat conf/key; cat shown/x; echo no > shown/x; cat /opt/data/d; echo end",
                     "--mount", f"{os.path.dirname(data)}:/opt/data:ro").ok()
    assert "KEY" not in result.out and "shown" in result.out and "data" in result.out, result.describe()
    assert plain.read("shown/x") == "shown"


def test_git_of_the_workspace_is_guarded_in_an_image(plain):
    """An agent in an image writes hooks that the host would run."""
    plain.run("git", "init", "-q", ".").ok()
    _launch(plain, plain.image, "echo evil > .git/hooks/pre-commit; mkdir -p .vscode; echo x > .envrc; true").ok()
    assert not os.path.exists(os.path.join(plain.workspace, ".git", "hooks", "pre-commit"))
    assert not os.path.exists(os.path.join(plain.workspace, ".envrc"))
