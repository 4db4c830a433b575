"""Folders of the host in a devcontainer: those that the user names, and nothing below or beside them."""

import json
import os
import shutil

from lib import images

SECRET = "canary-of-the-hosts-keys"


def _project(world, **fields) -> None:
    made = images.Layout(os.path.join(world.workspace, "image"))
    digest = made.add("i", [images.busybox().tar()])["digest"]
    world.write(".devcontainer/devcontainer.json", json.dumps({"image": f"oci:image@{digest}", **fields}))


def _launch(world, script: str):
    return world.launch("sh", "-c", script)


def _exists(world, name: str) -> bool:
    return os.path.exists(os.path.join(world.workspace, name))


def test_a_folder_of_the_host_is_there_if_the_user_says_so(any_world):
    """A folder that the user allows is not there, can be written, or shows what it does not name."""
    shown, scratch, other = (os.path.join(any_world.root, name) for name in ("models", "scratch", "other"))
    for folder in (shown, scratch, other):
        any_world.write(os.path.join(folder, "below", "x"), "known\n")
    secret = any_world.write(os.path.join(any_world.home, ".ssh", "id"), SECRET)
    _project(any_world, mounts=[f"type=bind,source={one},target=/host/{number}" for number, one in
                                enumerate((shown, scratch, other, shown + "/below", os.path.dirname(secret)))])
    script = "cat /host/0/below/x; (echo y >/host/0/y) 2>/dev/null && echo wrote; echo y >/host/1/y; ls /host/2 /host/3 /host/4 2>/dev/null; true"
    waits = [one for one in any_world.json("sandbox", "plan")["fields"] if one["state"] == "withheld"]
    assert len(waits) == 5 and f"- {shown}" in waits[0]["why"] and "devcontainers.yaml" in waits[0]["why"], waits
    assert _launch(any_world, script).out == ""
    path = os.path.join(any_world.config, "aileron", "devcontainers.yaml")
    any_world.write(path, f"version: 1\nmounts:\n  - {shown}\n  - {scratch}:rw\n")
    states = [one["state"] for one in any_world.json("sandbox", "plan")["fields"] if one["field"] == "mounts"]
    assert states == ["partly", "honoured", "withheld", "withheld", "withheld"]
    result = _launch(any_world, script).ok()
    assert result.out == "known\n", result.describe()
    assert os.path.exists(os.path.join(scratch, "y")) and not os.path.exists(os.path.join(shown, "y"))
    # Keys stay outside, whoever allows them.
    any_world.write(path, f"version: 1\nmounts: [{os.path.dirname(secret)}]\n")
    result = _launch(any_world, script)
    assert result.rc != 0 and "aileron secret" in result.err, result.describe()
    any_world.secret_free(result.stdout, SECRET)
    any_world.write(path, "version: 1\nmounts: [here]\n")
    assert _launch(any_world, "touch started").rc == 78 and not _exists(any_world, "started")
    shutil.rmtree(os.path.dirname(secret))


def test_a_link_in_the_place_of_a_folder_leads_nowhere(any_world):
    """A folder that the user allows, and an agent can replace, shows another one of the host."""
    private = os.path.dirname(any_world.write(os.path.join(any_world.root, "private", "diary"), SECRET))
    data = os.path.join(any_world.workspace, "data")
    any_world.write(os.path.join(data, "x"), "known")
    _project(any_world, mounts=["type=bind,source=${localWorkspaceFolder}/data,target=/host/data"])
    any_world.write(os.path.join(any_world.config, "aileron", "devcontainers.yaml"), f"version: 1\nmounts: ['{data}:rw']\n")
    assert _launch(any_world, "cat /host/data/x; mv data gone").out == "known"
    os.symlink(private, data)
    result = _launch(any_world, "cat /host/data/diary")
    any_world.secret_free(result.stdout, SECRET)
    assert "a link leads from there" in result.err, result.describe()
