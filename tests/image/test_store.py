"""Images in the store: every local form, what fails in the middle, and what is removed when."""

import contextlib
import json
import os
import random
import subprocess

import pytest

from lib import binary, images, process, terminal
from lib.namespace import Network

_LOWER = {"etc/": b"", "etc/name": b"lower\n", "bin": "usr/bin", "usr/": b"", "usr/bin/": b"", "usr/bin/tool": b"\x7fELF"}
_UPPER = {"etc/name": b"upper\n", "etc/.wh.gone": b""}


@pytest.fixture
def layout(world):
    """A layout in the world's workspace with the image "12"."""
    made = images.Layout(os.path.join(world.workspace, "layout"))
    made.image = made.add("12", [images.layer(_LOWER), images.layer(_UPPER)], Env=["PATH=/bin"], Cmd=["tool"])
    return made


def _store(world) -> str:
    return os.path.join(world.cache, "aileron", "images")


def _layers(world) -> dict:
    """The unpacked layers of the store: the files of each by path, by diff id."""
    found = {}
    top = os.path.join(_store(world), "layers", "sha256")
    for name in os.listdir(top):
        root = os.path.join(top, name, "fs")
        files = {}
        for folder, folders, names in os.walk(root):
            for one in folders + names:
                path = os.path.join(folder, one)
                key = os.path.relpath(path, root)
                if os.path.islink(path):
                    files[key] = os.readlink(path)
                elif os.path.isfile(path):
                    with open(path, "rb") as file:
                        files[key] = file.read()
        found["sha256:" + name] = files
    return found


def _left(world) -> list:
    return os.listdir(os.path.join(_store(world), "tmp"))


def _pull(world, reference, **keywords):
    return world.json("sandbox", "pull", reference, **keywords)


def _huge(mebibytes: int) -> bytes:
    """A layer that takes a while: bytes that gzip can do little about."""
    return images.layer({"big": random.Random(7).randbytes(mebibytes << 20)})


def _started(world, reference):
    """A pull that has begun to unpack."""
    child = world.start(*_line(reference), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.eventually(lambda: any(os.path.exists(os.path.join(_store(world), "tmp", name, "fs"))
                                   for name in _names(os.path.join(_store(world), "tmp"))), "a layer is unpacked")
    return child


def _names(folder: str) -> list:
    return os.listdir(folder) if os.path.isdir(folder) else []


def _line(reference) -> list:
    return [binary.path(), "sandbox", "pull", reference]


@pytest.mark.parametrize("form", ["oci", "zstd", "oci-archive", "docker-archive"])
def test_every_local_form_gives_the_same_layers(world, layout, form):
    """A form of an image is not read, or its layers are not what is in it."""
    target = os.path.join(world.workspace, "copy")
    reference = f"oci:{layout.folder}:12"
    if form == "zstd":
        images.copy(reference, f"oci:{target}:12", "--dest-compress", "--dest-compress-format", "zstd")
        reference = f"oci:{target}:12"
    elif form != "oci":
        name = "12" if form == "oci-archive" else "debian:12"
        images.copy(reference, f"{form}:{target}:{name}")
        reference = f"{form}:{target}:{name}"
    pulled = _pull(world, reference)
    assert pulled["added"] and pulled["layers"] == 2
    if form == "oci":
        assert pulled["digest"] == layout.image["digest"]
    layers = _layers(world)
    lower = layers[images.digest(images.layer(_LOWER))]
    assert lower == {"etc/name": b"lower\n", "bin": "usr/bin", "usr/bin/tool": b"\x7fELF"}
    assert layers[images.digest(images.layer(_UPPER))]["etc/name"] == b"upper\n"
    listed = world.json("sandbox", "cache", "list")
    assert [one["digest"] for one in listed] == [pulled["digest"]]
    assert len(listed[0]["names"]) == 1 and listed[0]["names"][0].startswith(reference.split(":")[0] + ":")


def test_what_is_there_is_not_read_again(world, layout):
    """An image that has not changed is read again, or one that has is not."""
    reference = f"oci:{layout.folder}:12"
    first = _pull(world, reference)
    kept = layout.path(layout.image["layers"][0]["digest"])
    os.rename(kept, kept + ".away")
    assert _pull(world, reference) == {**first, "added": False}
    # A new image with the same lower layer needs that layer no more than the old one did.
    newer = layout.add("12", [images.layer(_LOWER), images.layer({"new": b"x"})])
    os.unlink(kept)
    again = _pull(world, reference)
    assert again["added"] and again["digest"] == newer["digest"] != first["digest"]
    assert len(_layers(world)) == 3
    # By its digest, and from another folder, it is the same.
    assert not _pull(world, f"oci:{os.path.basename(layout.folder)}@{first['digest']}", cwd=world.workspace)["added"]


def test_what_is_no_image_is_named(world):
    """A folder that is not there or a name that is none is a riddle."""
    assert world.aileron("sandbox", "pull", "oci:nowhere").rc != 0
    assert "no image" in world.aileron("sandbox", "pull", "Debian").err


def test_a_blob_that_lies_is_named_and_leaves_nothing(world, layout):
    """A changed blob is believed, not named, or spoils the store."""
    for blob in (layout.image["digest"], layout.image["layers"][1]["digest"]):
        with images.changed(layout.path(blob)):
            result = world.aileron("sandbox", "pull", f"oci:{layout.folder}:12")
            assert result.rc != 0 and blob.split(":")[1] in result.err, result.describe()
        assert _left(world) == [] and world.json("sandbox", "cache", "list") == []
    assert _pull(world, f"oci:{layout.folder}:12")["added"]


def test_a_cut_archive_is_a_clear_error(world, layout):
    """A cut archive crashes, or is taken for an image."""
    target = os.path.join(world.workspace, "x.tar")
    images.copy(f"oci:{layout.folder}:12", f"oci-archive:{target}:12")
    size = os.path.getsize(target)
    for kept in (0, 100, 600, size // 2):
        os.truncate(target, kept) if kept < os.path.getsize(target) else None
        result = world.aileron("sandbox", "pull", f"oci-archive:{target}:12")
        assert result.rc not in (0, 134, 139) and target in result.err, result.describe()
        images.copy(f"oci:{layout.folder}:12", f"oci-archive:{target}.new:12")
        os.rename(target + ".new", target)


def test_a_kill_in_the_middle_spoils_nothing(world, layout):
    """After kill -9 the store has half a layer, keeps what was half done, or the next run fails."""
    layout.add("huge", [images.layer(_LOWER), _huge(96)])
    reference = f"oci:{layout.folder}:huge"
    for _ in range(3):
        child = _started(world, reference)
        process.end(child.pid)
        assert world.json("sandbox", "cache", "list") == []
    assert _left(world)
    assert _pull(world, f"oci:{layout.folder}:12")["added"]
    assert _left(world) == [], "what a killed process left stays for ever"
    assert _pull(world, reference)["added"]
    assert len(_layers(world)) == 3 and _left(world) == []


def test_two_at_once_unpack_a_layer_once(world, layout):
    """Of two processes one fails, or both unpack the same layer."""
    layout.add("huge", [_huge(48)])
    reference = f"oci:{layout.folder}:huge"
    first = _started(world, reference)
    process.freeze(first.pid)
    second = world.start(*_line(reference), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    tried = os.path.join(_store(world), "tmp")
    assert len([name for name in os.listdir(tried) if not name.endswith(".lock")]) == 1
    # The second can do nothing but wait.
    with contextlib.suppress(subprocess.TimeoutExpired):
        second.wait(0.5)
        raise AssertionError(f"it did not wait: {second.communicate()}")
    process.thaw(first.pid)
    for child in (first, second):
        out, err = child.communicate(timeout=process.PATIENCE)
        assert child.returncode == 0, err
        assert out.startswith(b"sha256:")
    assert len(_layers(world)) == 1 and _left(world) == []


def test_a_killed_one_lets_the_other_go_on(world, layout):
    """Who waits for a process that is killed waits for ever, or fails."""
    layout.add("huge", [_huge(48)])
    reference = f"oci:{layout.folder}:huge"
    first = _started(world, reference)
    process.freeze(first.pid)
    second = world.start(*_line(reference), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.end(first.pid)
    _, err = second.communicate(timeout=process.PATIENCE)
    assert second.returncode == 0, err
    assert len(_layers(world)) == 1 and _left(world) == []


def test_a_full_disk_leaves_the_store_as_it_was(worlds, tmp_path):
    """On a full disk the error is not clear, or the store loses what it had."""
    world = worlds(network=Network(str(tmp_path)))
    world.run("mount", "-t", "tmpfs", "-o", "size=6m,mode=0700", "tmpfs", world.cache).ok()
    layout = images.Layout(os.path.join(world.workspace, "layout"))
    layout.add("12", [images.layer(_LOWER)])
    layout.add("huge", [images.layer(_UPPER), _huge(16)])
    small = _pull(world, f"oci:{layout.folder}:12")
    result = world.aileron("sandbox", "pull", f"oci:{layout.folder}:huge")
    assert result.rc != 0 and "disk is full" in result.err, result.describe()
    assert [one["digest"] for one in world.json("sandbox", "cache", "list")] == [small["digest"]]
    left = world.run("sh", "-c", f"ls {_store(world)}/tmp; ls {_store(world)}/layers/sha256 | wc -l").ok().out
    assert left.split() == ["1"], left
    world.run("mount", "-o", "remount,size=64m", world.cache).ok()
    assert _pull(world, f"oci:{layout.folder}:huge")["added"]


def test_folders_that_shut_their_owner_out_are_kept_and_removed(ordinary):
    """A root of mode 0555, as Fedora has it, or a closed folder cannot be unpacked or removed by an ordinary user."""
    layout = images.Layout(os.path.join(ordinary.workspace, "layout"))
    closed = images.layer({"./": b"", "a/": b"", "a/b/": b"", "a/b/file": b"x"}, {"./": 0o555, "a/": 0, "a/b/": 0o555})
    layout.add("12", [closed])
    assert _pull(ordinary, f"oci:{layout.folder}:12")["added"]
    root = os.path.join(_store(ordinary), "layers", "sha256", images.digest(closed)[7:], "fs")
    assert os.stat(root).st_mode & 0o777 == 0o555 and os.stat(root).st_uid == ordinary.uid
    assert os.stat(os.path.join(root, "a")).st_mode & 0o777 == 0
    assert not _pull(ordinary, f"oci:{layout.folder}:12")["added"]
    assert len(ordinary.json("sandbox", "cache", "clear")["images"]) == 1
    assert _left(ordinary) == [] and _layers(ordinary) == {}


def test_the_cache_is_listed_cleared_and_collected(world, layout):
    """cache list, clear or gc leave what they should remove, or remove what they should leave."""
    layout.add("13", [images.layer(_LOWER), images.layer({"x": b"13"})])
    twelve, thirteen = (_pull(world, f"oci:{layout.folder}:{name}") for name in ("12", "13"))
    table = world.aileron("sandbox", "cache", "list").ok().out
    assert twelve["digest"][7:19] in table and f"oci:{layout.folder}:13" in table
    assert world.json("sandbox", "cache", "gc")["images"] == []
    removed = world.json("sandbox", "cache", "clear", "oci:layout:12", cwd=world.workspace)
    assert removed["images"] == [twelve["digest"]] and removed["layers"] == 1, "a shared layer went too"
    assert len(_layers(world)) == 2
    assert world.aileron("sandbox", "cache", "clear", "oci:layout:12", cwd=world.workspace).rc != 0
    _pull(world, f"oci:{layout.folder}:12")
    removed = world.json("sandbox", "cache", "clear", thirteen["digest"][7:19])
    assert removed["images"] == [thirteen["digest"]]
    assert world.json("sandbox", "cache", "gc", "--max-size", "1")["images"] == [twelve["digest"]]
    assert _layers(world) == {} and world.json("sandbox", "cache", "list") == []
    for wrong in (("--max-size", "x"), ("--unused-for", "7")):
        assert world.aileron("sandbox", "cache", "gc", *wrong).rc == 64
    _pull(world, f"oci:{layout.folder}:12")
    assert world.json("sandbox", "cache", "gc", "--unused-for", "1s")["images"] == []
    assert len(world.json("sandbox", "cache", "clear")["images"]) == 1


def test_what_takes_long_shows_how_far_it_is_on_a_terminal_alone(world, layout):
    """A long pull says nothing on a terminal, or writes a bar into a pipe."""
    layout.add("huge", [_huge(96)])
    shown = terminal.open_in(world, _line(f"oci:{layout.folder}:huge"))
    process.eventually(lambda: _names(os.path.join(_store(world), "tmp")), "a layer is unpacked")
    process.freeze(shown.child.pid)
    with contextlib.suppress(subprocess.TimeoutExpired):
        shown.child.wait(1.2)
    process.thaw(shown.child.pid)
    shown.expect(r"Unpacking \[[#.]{24}\] [0-9.]+ \S+ of 9\d")
    shown.expect("is there now")
    assert shown.wait() == 0
    world.json("sandbox", "cache", "clear")
    assert json.loads(world.aileron("sandbox", "pull", f"oci:{layout.folder}:huge", "--json").ok().out)["added"]
    assert "Unpacking" not in world.aileron("sandbox", "pull", f"oci:{layout.folder}:huge").ok().err
