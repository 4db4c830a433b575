"""What devcontainers keep is listed and removed: homes, volumes, caches, of each project by itself."""

import json
import os
import subprocess

from lib import images, process

FILE = ".devcontainer/devcontainer.json"


def _project(world, **fields) -> None:
    made = images.Layout(os.path.join(world.workspace, "image"))
    digest = made.add("i", [images.busybox().tar()])["digest"]
    world.write(FILE, json.dumps({"image": f"oci:image@{digest}", **fields}))


def _names(world) -> list:
    return sorted(f"{one['kind']} {one['name']}".strip() for one in world.json("sandbox", "volume", "list"))


def test_what_is_kept_is_listed_and_removed(any_world):
    """A volume is not listed, counts nothing, stays, or another one goes with it."""
    assert any_world.json("sandbox", "volume", "list") == []
    _project(any_world, mounts=["source=data,target=/data,type=volume"], postCreateCommand="echo made >>~/made",
             customizations={"aileron": {"caches": {"npm": "/cache"}}})
    fill = "dd if=/dev/zero of=/data/big bs=1024 count=512 2>/dev/null; ln -s /etc /data/link; echo x >/cache/x; cat ~/made"
    assert any_world.launch("sh", "-c", fill).ok().out == "made\n"
    listed = {one["kind"]: one for one in any_world.json("sandbox", "volume", "list")}
    assert sorted(listed) == ["cache", "home", "volume"]
    assert all(one["project"] == os.path.join(any_world.workspace, FILE) and not one["in_use"] for one in listed.values())
    assert 512 << 10 <= listed["volume"]["bytes"] < 1 << 20 and listed["volume"]["whole"]
    short = listed["home"]["project_id"][:12]
    shown = any_world.aileron("sandbox", "volume", "list").ok().out
    assert f"{short}/volume/data" in shown and f"{short}/cache/npm" in shown and f"{short}/home" in shown, shown
    none = any_world.aileron("sandbox", "volume", "remove", f"{short}/cache/npm", f"{short}/none")
    assert none.rc != 0 and len(_names(any_world)) == 3, none.describe()
    any_world.aileron("sandbox", "volume", "remove", f"{short}/volume/data").ok()
    assert _names(any_world) == ["cache npm", "home"] and os.path.exists("/etc/passwd")
    assert any_world.launch("sh", "-c", "ls /data; cat /cache/x ~/made").ok().out == "x\nmade\n"
    # Without the home it is made anew, once.
    any_world.aileron("sandbox", "volume", "remove", f"{short}/home").ok()
    assert any_world.launch("cat", "/home/agent/made").ok().out == "made\n"
    any_world.aileron("sandbox", "volume", "remove", listed["home"]["project_id"]).ok()
    assert _names(any_world) == [] and os.listdir(os.path.dirname(os.path.dirname(listed["home"]["folder"]))) == []


def test_what_a_sandbox_has_stays(any_world):
    """A volume goes while an agent works on it."""
    _project(any_world, mounts=["source=data,target=/data,type=volume"])
    child = any_world.launch_start("sh", "-c", "echo on; echo x >/data/x; exec sleep 100", stderr=subprocess.DEVNULL)
    assert child.stdout.readline() == b"on\n"
    volume, = any_world.json("sandbox", "volume", "list")
    assert volume["in_use"]
    result = any_world.aileron("sandbox", "volume", "remove", volume["volume"])
    assert result.rc == 77 and "end it first" in result.err and os.path.isdir(volume["folder"]), result.describe()
    child.terminate()
    child.wait(30)
    process.eventually(lambda: not any_world.json("sandbox", "volume", "list")[0]["in_use"], "nobody has it")
    any_world.aileron("sandbox", "volume", "remove", volume["volume"]).ok()
    assert not os.path.exists(volume["folder"])


def test_no_sandbox_removes_any(any_world):
    """An agent removes, or sees, what other projects keep."""
    _project(any_world, mounts=["source=data,target=/data,type=volume"])
    any_world.launch("true").ok()
    volume, = any_world.json("sandbox", "volume", "list")
    inside = any_world.launch("sh", "-c", f"ls {os.path.dirname(volume['folder'])} 2>&1; /run/aileron/bin/aileron sandbox volume list; "
                              f"/run/aileron/bin/aileron sandbox volume remove {volume['volume']} && echo gone")
    assert "gone" not in inside.out and "data" not in inside.out, inside.describe()
    assert os.path.isdir(volume["folder"])
