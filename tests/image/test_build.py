"""Images that a devcontainer has built: what is sent, when it is built again, who is asked, and what is left when it
fails."""

import glob
import json
import os
import signal
import subprocess

import pytest

from lib import binary, builders, images, process, terminal

BASE = "dev.example/base:1"
DOCKERFILE = f"FROM {BASE}\nARG WORD=none\nCOPY . /ctx\nRUN echo \"word=$WORD\" >/said && cat /ctx/src/main >>/said\n"


@pytest.fixture
def builder(world):
    """A real builder with a base image, and a project."""
    one = builders.Builder(world)
    one.base(BASE, images.busybox("echo", "sort"), Env=["PATH=/bin"])
    _project(world)
    return one


def _project(world, text: str = DOCKERFILE, **build) -> None:
    world.write(".devcontainer/Dockerfile", text)
    world.write("src/main", "main\n")
    _config(world, build={"dockerfile": "Dockerfile", "context": "..", **build})


def _config(world, **members) -> None:
    world.write(".devcontainer/devcontainer.json", json.dumps(members))


def _build(world, *flags):
    return world.aileron("sandbox", "build", *flags, timeout=120)


def _built(world, *flags) -> dict:
    return json.loads(_build(world, "--yes", "--json", *flags).ok().out)


def _builds(one) -> int:
    """How often the builder built since it was last asked."""
    return sum(words[0] == "build" for words in one.runs())


def _left(world) -> list:
    """What a build leaves behind, but for the stat caches."""
    return [name for name in os.listdir(os.path.join(world.cache, "aileron", "builds")) if not name.startswith("stat-")]


def _names(world) -> list:
    return [name for one in world.json("sandbox", "cache", "list") for name in one["names"]]


def test_an_agent_runs_in_what_was_built(world, builder):
    """The image is not what the Dockerfile says, or a launch does not find it."""
    built = _built(world)
    assert built["built"] and built["reference"] == f"oci-archive:{world.cache}/aileron/builds/{built['key']}.tar"
    assert _names(world) == [built["reference"]] and _left(world) == []
    result = world.launch("sh", "-c", "cat /said; find /ctx | sort", flags=["--image", built["reference"]]).ok()
    assert result.out.split() == ["word=none", "main", "/ctx", "/ctx/.devcontainer", "/ctx/.devcontainer/Dockerfile",
                                  "/ctx/.devcontainer/devcontainer.json", "/ctx/src", "/ctx/src/main"], result.describe()


def test_what_has_not_changed_is_not_built_again(world, builder):
    """A builder runs although nothing changed, or not although something did."""
    first = _built(world)
    assert _builds(builder) == 1
    again = _built(world)
    assert again == {**first, "built": False} and builder.runs() == []
    os.utime(os.path.join(world.workspace, "src/main"), (1, 1))
    os.chown(os.path.join(world.workspace, "src/main"), 1, 1)
    # Without a builder, too.
    nothing = world.aileron("sandbox", "build", env={"PATH": "/nowhere"}).ok()
    assert nothing.out == first["reference"] + "\n" and "nothing has changed" in nothing.err
    assert world.aileron("sandbox", "build", "--quiet", env={"PATH": "/nowhere"}).ok().err == ""
    keys = {first["key"]}
    edits = [lambda: world.write("src/main", "other\n"),
             lambda: os.chmod(os.path.join(world.workspace, "src/main"), 0o755),
             lambda: os.symlink("main", os.path.join(world.workspace, "src/link")),
             lambda: world.write(".devcontainer/Dockerfile", DOCKERFILE + "# a comment\n"),
             lambda: _config(world, build={"dockerfile": "Dockerfile", "context": "..", "args": {"WORD": "x"}})]
    for edit in edits:
        edit()
        built = _built(world)
        assert built["built"] and built["key"] not in keys and _builds(builder) == 1
        keys.add(built["key"])
    assert "word=x\nother" in world.launch("cat", "/said", flags=["--image", built["reference"]]).ok().out
    # What was there before is there still.
    world.write("src/main", "main\n", 0o644)
    os.remove(os.path.join(world.workspace, "src/link"))
    _project(world)
    assert _built(world) == {**first, "built": False} and builder.runs() == []
    assert _built(world, "--no-cache")["built"] and "--no-cache" in builder.runs()[0]


def test_a_launch_builds_what_was_agreed_to(world, builder):
    """A launch of a project that builds something builds it unasked, builds it again, or takes another root."""
    refused = world.launch("cat", "/said")
    assert refused.rc == 125 and "sandbox build --yes" in refused.err and _builds(builder) == 0, refused.describe()
    _built(world)
    assert _builds(builder) == 1
    assert world.launch("cat", "/said").ok().out == "word=none\nmain\n" and builder.runs() == []
    for flags, word in ((["--detach"], "detached"), ([], "attached")):
        world.write("src/main", word + "\n")
        screen = terminal.open_in(world, world.launch_line(["cat", "/said"], flags))
        screen.expect("Build it, as it is now")
        screen.send("y\n")
        screen.expect(r"\b[0-9A-Z]{26}\b" if flags else word)
        assert screen.wait(60) == 0 and _builds(builder) == 1


RULES = {
    "plain": "a\n*.log\n/top\n",
    "folders": "**/node_modules\n**/*.tmp\nsub/*/deep\n",
    "take-back": "*\n!src\nsrc/b*\n!src/b/keep\n",
    "comments": "# a\n\n  *.log  \n#sub\n",
    "characters": "?\n[s]ub\nsrc/[^ab]*\n",
    "order": "!a\n*\n!sub/x\n!sub/y/deep\n",
    "dots": "./a/../sub/y\n../outside\n.\n",
    "all": "**\n",
}
TREE = ["a", "b.log", "top", "sub/top", "sub/x", "sub/y/deep", "sub/z/deep/er", "src/a", "src/b/keep", "src/b/lose", "src/bee",
        "src/c", "src/node_modules/m", "node_modules/m", "x.tmp", "sub/x.tmp", "aa/a", "\u00fc", ".hidden"]
SHOW = 'for last; do :; done\ncd "$last" && /usr/bin/find . | /usr/bin/sort >"$SHOWN"\nexit 1\n'


@pytest.mark.parametrize("rules", RULES)
def test_what_is_sent_is_what_a_real_builder_sends(world, builder, rules):
    """A pattern of .dockerignore means something else here."""
    for name in TREE:
        world.write(name, name)
    world.write(".dockerignore", RULES[rules])
    dockerfile = world.write(f"{world.root}/theirs/Dockerfile", f"FROM {BASE}\nCOPY . /ctx\n")
    _project(world)
    theirs = world._folder("unpacked")
    process.run([builder.real, "build", "-q", "-f", dockerfile, "-t", "theirs", world.workspace],
                env=world.env).ok()
    process.run([builder.real, "push", "-q", "theirs", f"dir:{theirs}/dir"], env=world.env).ok()
    layer = json.load(open(f"{theirs}/dir/manifest.json"))["layers"][-1]["digest"].removeprefix("sha256:")
    listed = process.run(["tar", "tf", f"{theirs}/dir/{layer}", "--quoting-style=literal"]).ok().out
    sent = {line.rstrip("/").removeprefix("ctx/") for line in listed.splitlines()} - {"ctx"}
    shown = os.path.join(world.root, "shown")
    env = builders.stand_in(world, "docker", SHOW)
    assert world.aileron("sandbox", "build", "--yes", env={**env, "SHOWN": shown}).rc == 1
    ours = {line.removeprefix("./") for line in open(shown).read().splitlines()} - {"."}
    assert ours == sent
    assert rules == "all" or 0 < len(set(TREE) & ours) < len(TREE)


def test_the_dockerfiles_own_rules_come_first(world):
    """DOCKERFILE.dockerignore is not read, or the rules hold a second time at the builder."""
    _project(world)
    world.write(".dockerignore", "src\n")
    world.write(".devcontainer/Dockerfile.dockerignore", ".devcontainer\n")
    shown = os.path.join(world.root, "shown")
    env = builders.stand_in(world, "docker", SHOW.replace("exit 1", 'cat "$last/../Dockerfile.dockerignore"; exit 1'))
    result = world.aileron("sandbox", "build", "--yes", env={**env, "SHOWN": shown})
    assert open(shown).read().split() == [".", "./.dockerignore", "./src", "./src/main"], result.describe()


def test_a_build_that_fails_says_why_and_leaves_nothing(world, builder):
    """The reason is not shown, or something is left of it."""
    _project(world, f"FROM {BASE}\nRUN echo it began; printf 'a\\033]0;b\\a\\n'; exit 3\n")
    result = _build(world, "--yes")
    assert result.rc == 1 and "it began" in result.err and '"buildah build" failed' in result.err, result.describe()
    assert "\x1b" not in result.err and "\\x1b]0;b" in result.err, result.describe()
    assert "it began" in result.err.splitlines() and "Its last lines" not in result.err, result.describe()
    assert result.out == "" and _names(world) == [] and _left(world) == []
    quiet = _build(world, "-q")
    assert quiet.rc == 1 and "Its last lines:" in quiet.err and "it began" in quiet.err, quiet.describe()


def test_a_build_that_is_killed_leaves_the_store_right(world, builder):
    """What is half built is taken for an image, stays for ever, or is in the way of the next build."""
    _project(world, f"FROM {BASE}\nCOPY . /ctx\nRUN touch /begun && sleep 40\n")
    known = {one.pid for one in process.descendants()}
    child = world.start(binary.path(), "sandbox", "build", "--yes", stderr=subprocess.PIPE)
    process.eventually(lambda: any("sleep" in one.command for one in process.descendants() if one.pid not in known), "it builds")
    assert len(_left(world)) == 3
    process.end(child.pid)
    child.wait()
    process.eventually(lambda: not [one for one in process.descendants() if one.pid not in known and one.state != "Z"],
                       "the builder ended with it")
    assert _names(world) == []
    _project(world)
    assert _built(world)["built"] and _left(world) == []


def test_a_person_may_stop_a_build(world, builder):
    """Ctrl-C leaves something behind, or says nothing."""
    _project(world, f"FROM {BASE}\nRUN sleep 40\n")
    known = {one.pid for one in process.descendants()}
    screen = terminal.open_in(world, [binary.path(), "sandbox", "build", "--yes"])
    process.eventually(lambda: any("sleep" in one.command for one in process.descendants() if one.pid not in known), "it builds")
    screen.send("\x03")
    screen.expect('"buildah build" failed with exit code')
    assert screen.wait() == 1
    assert _left(world) == [] and _names(world) == []


def test_two_builds_at_once_are_one(world, builder):
    """Two processes build the same, or one fails for the other."""
    _project(world, f"FROM {BASE}\nRUN sleep 2\n")
    children = [world.start(binary.path(), "sandbox", "build", "--yes", "--json", stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE) for _ in range(3)]
    said = []
    for child in children:
        out, err = child.communicate(timeout=120)
        assert child.returncode == 0, err
        said.append(json.loads(out))
    assert sorted(one["built"] for one in said) == [False, False, True]
    assert len({one["digest"] for one in said}) == 1 and _builds(builder) == 1


@pytest.mark.parametrize("where", ["context", "dockerfile", "context-link", "dockerfile-link", "absolute"])
def test_nothing_outside_of_the_project_is_built(world, builder, where):
    """A project has a build read what is not the project's."""
    canary = "canary-5c1d"
    outside = os.path.join(world.root, "outside")
    world.write(f"{outside}/secret", canary)
    world.write(f"{outside}/Dockerfile", f"FROM {BASE}\nCOPY . /ctx\n")
    os.symlink(outside, os.path.join(world.workspace, "link"))
    os.symlink(f"{outside}/Dockerfile", os.path.join(world.workspace, "file-link"))
    build = {"context": {"context": "../../outside"}, "dockerfile": {"dockerfile": "../../outside/Dockerfile"},
             "context-link": {"context": "../link"}, "dockerfile-link": {"dockerfile": "../file-link"},
             "absolute": {"context": outside}}[where]
    _project(world, **build)
    result = _build(world, "--yes")
    assert result.rc == 78 and builder.runs() == [], result.describe()
    assert "the project" in result.err and canary not in result.err, result.describe()
    # The same from within is built, and read.
    world.write("inside/secret", canary)
    world.write("inside/Dockerfile", f"FROM {BASE}\nCOPY . /ctx\n")
    _project(world, dockerfile="../inside/Dockerfile", context="../inside")
    built = _built(world)
    assert world.launch("cat", "/ctx/secret", flags=["--image", built["reference"]]).ok().out == canary


def test_a_link_in_the_context_leads_nowhere(world, builder):
    """A link of the project takes a file of the host into the image."""
    secret = world.write(f"{world.root}/outside/secret", "canary-77")
    os.symlink(secret, os.path.join(world.workspace, "link"))
    os.symlink(os.path.dirname(secret), os.path.join(world.workspace, "folder"))
    _project(world, f"FROM {BASE}\nCOPY . /ctx\nRUN readlink /ctx/link >/said\n")
    built = _built(world)
    result = world.launch("sh", "-c", "cat /said; cat /ctx/link; ls /ctx/folder/", flags=["--image", built["reference"]])
    assert result.out == f"{secret}\n", result.describe()
    for command in (f"COPY link /taken\nRUN cat /taken", "COPY folder/secret /taken\nRUN cat /taken"):
        _project(world, f"FROM {BASE}\n{command}\n")
        result = _build(world, "--yes")
        assert result.rc == 1 and "canary-77" not in result.err, result.describe()


def test_without_a_builder_it_says_what_brings_one(world):
    """The person does not learn what to install."""
    _project(world)
    result = world.aileron("sandbox", "build", "--yes", env={"PATH": "/nowhere"})
    assert result.rc == 69 and "apt-get install buildah" in result.err, result.describe()
    named = world.aileron("sandbox", "build", "--yes", "--builder", "podman", env={"PATH": "/nowhere"})
    assert named.rc == 69 and "podman is not in PATH" in named.err, named.describe()


def test_a_builder_of_the_project_is_not_started(world):
    """What an agent can write is run on the host."""
    _project(world)
    ran = os.path.join(world.root, "ran")
    world.write("bin/buildah", f"#!/bin/sh\n>{ran}\nexit 1\n", 0o755)
    os.symlink(f"{world.workspace}/bin", f"{world.root}/link")
    for path in (f"{world.workspace}/bin", "bin", ".", f"{world.root}/link", f"{world.root}/ws/../ws/bin"):
        result = world.aileron("sandbox", "build", "--yes", env={"PATH": path})
        assert result.rc == 69 and not os.path.exists(ran), result.describe()
    # The same elsewhere is started.
    env = builders.stand_in(world, "buildah", f">{ran}\nexit 1\n")
    assert world.aileron("sandbox", "build", "--yes", env=env).rc == 1 and os.path.exists(ran)
    # Agreed to, and launched from elsewhere.
    os.remove(ran)
    result = world.aileron("launch", "--workspace", world.workspace, "--", "true", cwd=world.home, env={"PATH": f"{world.workspace}/bin"})
    assert "nothing here builds images" in result.err and not os.path.exists(ran), result.describe()
    assert world.aileron("launch", "--workspace", world.workspace, "--", "true", cwd=world.home, env=env).rc != 0 and os.path.exists(ran)


def test_a_person_is_asked_before_and_again_after_a_change(world, builder):
    """A project has something run on this machine that nobody agreed to."""
    result = _build(world)
    assert result.rc == 77 and builder.runs() == [] and "--yes" in result.err, result.describe()
    assert "aileron:   on the image dev.example/base:1" in result.err.splitlines(), result.describe()

    def ask(answer: str, *expected: str) -> int:
        screen = terminal.open_in(world, [binary.path(), "sandbox", "build"])
        for one in (*expected, r"Build it, as it is now\? \[y/N\]"):
            screen.expect(one)
        screen.send(answer + "\n")
        return screen.wait()

    assert ask("n", "buildah would run", "on the image dev.example/base:1", "with 3 files of") == 77
    assert builder.runs() == []
    assert ask("y") == 0 and _builds(builder) == 1
    # Agreed to: built again without a question.
    world.aileron("sandbox", "cache", "clear").ok()
    _build(world).ok()
    assert _builds(builder) == 1
    world.write("src/main", "planted\n")
    assert _build(world).rc == 77 and builder.runs() == []
    assert ask("n", "another build than the one that you agreed to") == 77 and builder.runs() == []
    listed, = world.json("policy", "trusted")
    assert listed["path"] == f"{world.workspace}/.devcontainer/devcontainer.json#build" and listed["state"] == "build"
    world.aileron("policy", "untrust", listed["path"]).ok()
    world.write("src/main", "main\n")
    assert _build(world, "--no-cache").rc == 77 and builder.runs() == []


def test_no_secret_of_the_host_goes_into_an_image(world, builder):
    """A variable that launches do not pass on is an argument of a build."""
    _project(world, args={"WORD": "${localEnv:API_TOKEN}-${localEnv:LANG}"})
    world.env["API_TOKEN"] = "canary-19aa"
    built = _built(world)
    assert world.launch("cat", "/said", flags=["--image", built["reference"]]).ok().out == "word=-C.UTF-8\nmain\n"
    assert "canary-19aa" not in json.dumps(builder.runs())


def test_a_sandbox_builds_nothing(world, builder):
    """An agent has the host build what it wrote."""
    result = world.shell("/run/aileron/bin/aileron sandbox build --yes; echo rc=$?", flags=["--no-devcontainer"])
    assert "rc=69" in result.out and builder.runs() == [], result.describe()


def test_what_has_nothing_to_build_is_said(world):
    """A file that is wrong, or has no build, ends otherwise than with 78 and a reason."""
    result = world.aileron("sandbox", "build")
    assert result.rc == 78 and "has no devcontainer.json" in result.err
    _config(world, image="dev.example/base:1")
    result = world.aileron("sandbox", "build")
    assert result.rc == 78 and "nothing to build: the file names the image" in result.err, result.describe()
    _project(world)
    os.remove(os.path.join(world.workspace, ".devcontainer/Dockerfile"))
    result = world.aileron("sandbox", "build")
    assert result.rc == 78 and "Dockerfile" in result.err, result.describe()


def test_docker_is_driven_as_docker_wants_it(world):
    """What docker saves does not get into the store by the same name."""
    archive = os.path.join(world.root, "saved.tar")
    layout = images.layout(world, "made", images.busybox("echo"), Env=["PATH=/bin"])
    images.copy(layout, f"docker-archive:{archive}:made:1")
    _project(world, args={"WORD": "two words"}, target="", options=["--label=a=b", "--network=host"])
    log = os.path.join(world.root, "log")
    script = (f'for word; do echo "$word"; done >>{log}\necho "$PWD" >/dev/null\nfor word; do case $last in\n--iidfile) '
              f'echo sha256:{"ab" * 32} >"$word";;\n--output) /bin/cp {archive} "$word";;\nesac\nlast=$word; done\n')
    result = world.aileron("sandbox", "build", "--yes", "--json", env=builders.stand_in(world, "docker", script)).ok()
    said, words = json.loads(result.out), open(log).read().split("\n")
    assert said["built"] and "WORD=two words" in words and "a=b" in words, words
    assert not {"--network=host", "--ignorefile", "--layers"} & set(words) and "save" in words and "ab" * 32 in words, words
    assert world.launch("echo", "hello", flags=["--image", said["reference"]]).ok().out == "hello\n"


def test_podman_builds_the_same(world):
    """An image has another key with another builder, or podman is driven as buildah is."""
    podman = builders.Builder(world, "podman")
    podman.base(BASE, images.busybox("chmod", "cut"), Env=["PATH=/bin"])
    _project(world)
    world.write(".devcontainer/tool/devcontainer-feature.json", '{"id": "tool"}')
    world.write(".devcontainer/tool/install.sh", "#!/bin/sh\necho installed >/installed\n")
    _config(world, build={"dockerfile": "Dockerfile", "context": ".."}, features={"./tool": {}})
    built = _built(world, "--builder", "podman")
    assert built["built"] and [words[0] for words in podman.runs()] == ["build", "image", "build", "push"]
    assert _built(world, "--builder", "buildah") == {**built, "built": False}
    assert world.launch("cat", "/said", "/installed", flags=["--image", built["reference"]]).ok().out == "word=none\nmain\ninstalled\n"
