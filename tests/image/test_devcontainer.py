"""devcontainer.json: read as the reference implementation reads it, and judged before anything runs."""

import hashlib
import json
import os
import pathlib
import shutil

import jsonschema
import pytest

from lib import binary

CORPUS = pathlib.Path(__file__).parent / "devcontainers"
PROJECTS = sorted(path.name for path in CORPUS.iterdir())
SCHEMA = json.loads((binary.REPOSITORY / "schema" / "devcontainer-customizations.v1.json").read_text())
REFERENCE = binary.REPOSITORY / "build/npm/node_modules/@devcontainers/cli/devcontainer.js"
# Where the two do not agree, and docs/devcontainers.md says why: which members of the configuration.
DIFFERS = {
    "environment-merged": {"remoteEnv"},
    "former-extensions": {"customizations", "extensions", "settings"},
    "gpu-alone": {"hostRequirements"},
    "local-feature-metadata": {"capAdd"},
}
# The reference needs the network, or docker compose, to merge these; what it reads is compared.
UNMERGED = {"features", "compose"}
# Projects whose sandbox is refused.
REFUSED = {"compose"}

# Answers the two questions that the reference asks: whether a container runs, and what an image says.
DOCKER = """#!/bin/sh
case "$1" in
ps) if [ -f "$STAND_IN/container.json" ]; then echo c0ffee; fi ;;
inspect) case "$3" in
  container) cat "$STAND_IN/container.json" ;;
  image) cat "$STAND_IN/image.json" ;;
  esac ;;
*) exit 1 ;;
esac
"""


class Project:
    """One of the corpus, in a world's workspace, with a stand-in for docker."""

    def __init__(self, world, name: str):
        self.world = world
        shutil.copytree(CORPUS / name, world.workspace, dirs_exist_ok=True)
        self.stand_in = world._folder("stand-in")
        world.write(f"{self.stand_in}/docker", DOCKER, 0o755)
        label = CORPUS / name / "label.json"
        self.labels = {"devcontainer.metadata": json.dumps(json.loads(label.read_text()))} if label.exists() else {}
        config = {"User": "", "Env": ["PATH=/usr/bin"], "Labels": self.labels}
        self.image = world.write(f"{self.stand_in}/config.json", json.dumps({"config": config}))
        world.write(f"{self.stand_in}/image.json", json.dumps([{"Id": "sha256:0", "Config": config}]))
        self.files = [path for pattern in (".devcontainer/devcontainer.json", ".devcontainer.json",
                                           ".devcontainer/*/devcontainer.json")
                      for path in sorted(pathlib.Path(world.workspace).glob(pattern))]
        self.env = {"STAND_IN": self.stand_in, "PATH": f"{self.stand_in}:{world.env['PATH']}", "SLY": "${localEnv:HOME}"}

    def container(self) -> None:
        """As if one ran, which is what gives it an id."""
        labels = {"devcontainer.local_folder": self.world.workspace, "devcontainer.config_file": str(self.files[0])}
        config = {"Image": "x", "User": "", "Env": [], "Labels": labels}
        self.world.write(f"{self.stand_in}/container.json", json.dumps([{
            "Id": "c0ffee", "Created": "2026-01-01T00:00:00Z", "Name": "/c", "Config": config, "Mounts": [],
            "State": {"Status": "running", "StartedAt": "2026-01-01T00:00:00Z"}, "NetworkSettings": {"Ports": {}}}]))

    def trust(self) -> None:
        """Its file, as it is now."""
        path, = self.files
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        os.makedirs(f"{self.world.state}/aileron", mode=0o700, exist_ok=True)
        self.world.write(f"{self.world.state}/aileron/trusted.txt", f"{digest} 2026-01-01T00:00:00.000Z {path}\n", 0o600)

    def plan(self, *flags, rc: int = 0) -> dict:
        """What we say."""
        result = self.world.aileron("sandbox", "plan", "--json", *flags, env=self.env)
        assert result.rc == rc, result.describe()
        return json.loads(result.out)

    def reference(self, merged: bool = True) -> dict:
        """What the reference implementation says."""
        path, = self.files
        flags = ["--include-merged-configuration"] if merged else []
        result = self.world.run("node", str(REFERENCE), "read-configuration", "--workspace-folder", self.world.workspace,
                                "--config", str(path), "--mount-workspace-git-root", "false", *flags, env=self.env)
        assert result.rc == 0, result.describe()
        shutil.rmtree(f"{self.world.temporary}/devcontainercli-root", ignore_errors=True)
        said = json.loads(result.out)
        # The largest of no numbers at all, which it prints where neither file nor label says anything.
        if said.get("mergedConfiguration", {}).get("hostRequirements", {}).get("memory") == "-Infinity":
            del said["mergedConfiguration"]["hostRequirements"]
        return said


@pytest.fixture
def project(world):
    """Makes a project of the corpus."""
    return lambda name: Project(world, name)


def fields(plan: dict) -> dict:
    """State by field and detail."""
    return {f"{one['field']} {one.get('detail', '')}".strip(): one["state"] for one in plan["fields"]}


def test_the_corpus_is_one():
    """A table is about projects that are gone."""
    assert len(PROJECTS) >= 25
    assert set(DIFFERS) | UNMERGED | REFUSED <= set(PROJECTS)
    text = (binary.REPOSITORY / "docs" / "devcontainers.md").read_text()
    for name in [*DIFFERS, *UNMERGED]:
        assert f"`{name}`" in text, name


@pytest.mark.parametrize("name", PROJECTS)
def test_both_read_the_same(project, name):
    """A project means something else here than in the tools that it was written for."""
    one = project(name)
    one.trust()
    if name == "identity":
        one.container()
    plan = one.plan("--image-config", one.image, rc=78 if name in REFUSED else 0)
    said = one.reference(merged=name not in UNMERGED)
    assert plan["workspace_folder"] == said["workspace"]["workspaceFolder"]
    ours = plan["merged"]
    theirs = said["configuration" if name in UNMERGED else "mergedConfiguration"]
    del theirs["configFilePath"]
    keys = set(theirs) if name in UNMERGED else set(ours) | set(theirs)
    different = {key for key in keys if ours.get(key) != theirs.get(key)}
    if name in UNMERGED:
        different -= {"customizations"}
    assert different == DIFFERS.get(name, set()), {key: (ours.get(key), theirs.get(key)) for key in different}


def test_each_field_is_judged(project):
    """A field passes without a word, or what weakens the walls is honoured."""
    one = project("privileges")
    plan = one.plan("--image-config", one.image)
    said = fields(plan)
    assert plan["tier"] == "devcontainer" and plan["image"] == "dev.example/base:1" and not plan["trusted"]
    for field in ("capAdd SYS_PTRACE", "capAdd SYS_ADMIN", "securityOpt seccomp=unconfined", "securityOpt label=disable",
                  "privileged", "runArgs --volume /etc:/host:ro"):
        assert said[field] == "withheld", field
    assert said["runArgs --network host"] == said["runArgs --device /dev/kvm"] == "not honoured"
    assert said["runArgs --shm-size 1g"] == said["runArgs --init"] == said["init"] == "honoured"
    one.trust()
    assert fields(one.plan("--image-config", one.image)) == said


def test_what_runs_on_the_host_takes_trust(project):
    """Whoever clones a project runs its initializeCommand."""
    one = project("lifecycle")

    def state():
        return [field["state"] for field in one.plan()["fields"] if field["field"] == "initializeCommand"]

    assert state() == ["withheld"]
    one.trust()
    assert state() == ["honoured"]
    one.files[0].write_text(one.files[0].read_text() + "// more\n")
    assert state() == ["withheld"]


def test_a_hosts_variable_stays_on_the_host(project):
    """A project takes a token out of the environment."""
    one = project("variables-once")
    plan = one.plan()
    assert plan["merged"]["remoteEnv"] == {"SLY": "", "TWICE": ""}
    assert fields(plan)["${localEnv:SLY}"] == "withheld"


def test_compose_is_refused_with_a_reason(project):
    """A project of several containers starts as half of it."""
    one = project("compose")
    result = one.world.aileron("sandbox", "plan", env=one.env)
    assert result.rc == 78 and "customizations.aileron.services" in result.out, result.describe()


def test_the_image_that_is_named_is_the_one(project):
    """--image is passed over, or the file's build is done besides."""
    one = project("build")
    assert one.plan()["tier"] == "devcontainer"
    plan = one.plan("--image", "debian:12")
    assert (plan["tier"], plan["image"]) == ("own image", "debian:12") and fields(plan)["build"] == "not honoured"
    assert one.plan("--image", "base")["tier"] == "base"


def test_without_a_file_it_is_the_host(world):
    """A folder without a devcontainer.json is refused, or gets an image."""
    plan = world.json("sandbox", "plan")
    assert plan["tier"] == "host" and plan["fields"] == [] and "config" not in plan
    assert plan["workspace_folder"] == world.workspace


def test_of_several_files_the_user_names_one(world):
    """One of several is taken without a word."""
    for name in "ab":
        world.write(f".devcontainer/{name}/devcontainer.json", f'{{"image": "{name}"}}')
    result = world.aileron("sandbox", "plan")
    assert result.rc == 78 and ".devcontainer/b/devcontainer.json" in result.err, result.describe()
    assert world.json("sandbox", "plan", "--config", ".devcontainer/b/devcontainer.json")["image"] == "b"


@pytest.mark.parametrize("text, place", [
    ('{\n  "image": 3\n}', ":2:12: image: expected a string that is not empty, found 3"),
    ('{"image": "a", "image": "b"}', ':1:16: "image" stands here a second time'),
    ("{" * 3000, ":1:2: expected a key"), ("[" * 3000, "nested deeper"), ('{"image": "a"', "the end of the file"),
    ('{"image": "' + "a" * (2 << 20) + '"}', "larger than"), ('{"image": "a",\n "capAdd": "ALL"}', ":2:12: capAdd: expected an array"),
    ('{"customizations": {"aileron": {"polici": "x"}}}', ':1:33: "polici" is not a key of customizations.aileron. Did you mean "policy"?'),
    ('{"image": "\x1b[2J\\u001b[2J", "mounts": ["\\u001b[2J"]}', "a control character"),
])
def test_a_mistake_is_told_with_its_place(world, text, place):
    """A person searches for what is wrong."""
    world.write(".devcontainer.json", text)
    result = world.aileron("sandbox", "plan")
    assert result.rc in (1, 78) and place in result.err and "\x1b" not in result.err, result.describe()


def test_links_out_of_the_workspace_are_not_followed(world):
    """A project has a file of the host read."""
    world.write("../elsewhere.json", '{"image": "a"}')
    os.symlink("../elsewhere.json", f"{world.workspace}/.devcontainer.json")
    result = world.aileron("sandbox", "plan")
    assert result.rc != 0 and "no link" in result.err, result.describe()


# --- customizations.aileron: the schema for editors and the reader agree

VALID = [
    {}, {"image": "base"}, {"image": "r.example/x:1@sha256:0"}, {"policy": "locked"}, {"policy": "ci/agent.yaml"},
    {"policy": "a.yml"}, {"bindings": []}, {"bindings": ["token/github", "token/npm/work"]}, {"agents": ["claude", "co dex"]},
    {"caches": {"npm": "/home/node/.npm", "a.b-c_1": "/x"}}, {"services": []},
    {"services": [{"name": "db", "command": ["a", ""], "folder": "x/y", "publish": [1, 65535], "restart": "always",
                   "health": {"port": 80}}, {"name": "w.1", "command": ["b"], "health": {"command": "x"}}]},
]
INVALID = [
    [], "x", None, {"imag": "x"}, {"image": ""}, {"image": "a b"}, {"image": 1}, {"policy": "wide"}, {"policy": "../a.yaml"},
    {"policy": "/a.yaml"}, {"policy": "a//b.yaml"}, {"policy": "./a.yaml"}, {"policy": ""}, {"bindings": "token/x"},
    {"bindings": ["x"]}, {"bindings": ["Token/x"]}, {"bindings": ["token/x", "token/x"]}, {"agents": ["/bin/x"]},
    {"agents": [".."]}, {"agents": [""]}, {"agents": ["a", "a"]}, {"agents": {}}, {"caches": []}, {"caches": {"A": "/x"}},
    {"caches": {"a": "x"}}, {"caches": {"a": "/"}}, {"caches": {"a": "/x/"}}, {"caches": {"a": "/x/../y"}}, {"caches": {"a": 1}},
    {"services": {}}, {"services": [{"name": "a"}]}, {"services": [{"command": ["a"]}]},
    {"services": [{"name": "A", "command": ["a"]}]}, {"services": [{"name": "a", "command": []}]},
    {"services": [{"name": "a", "command": [""]}]}, {"services": [{"name": "a", "command": "b"}]},
    *({"services": [{"name": "a", "command": ["b"], **more}]} for more in (
        {"folder": "/x"}, {"folder": "../x"}, {"folder": ""}, {"publish": 80}, {"publish": [0]}, {"publish": ["80"]},
        {"publish": [1] * 9}, {"restart": "never"}, {"health": {}}, {"health": {"port": 1, "command": "x"}},
        {"health": {"command": ""}}, {"more": 1})),
]
# What a schema cannot say, and the reader refuses.
STRICTER = [{"services": [{"name": "a", "command": ["b"]}, {"name": "a", "command": ["c"]}]}]


def test_the_schema_and_the_reader_agree(world):
    """An editor underlines what is right, or passes over what the reader refuses."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft202012Validator(SCHEMA)

    def takes(value) -> bool:
        world.write(".devcontainer.json", json.dumps({"customizations": {"aileron": value}}))
        return world.aileron("sandbox", "plan", "--json").rc == 0

    for value in VALID:
        assert validator.is_valid(value) and takes(value), value
    for value in INVALID:
        assert not takes(value), value
        assert not validator.is_valid(value), value
    for value in STRICTER:
        assert not takes(value), value
