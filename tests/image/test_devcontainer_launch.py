"""A launch by a devcontainer.json: what it says holds inside, and of an untrusted one nothing happens on the host."""

import json
import os
import resource
import shutil
import signal
import subprocess

import pytest

from lib import binary, images, process, sites
from lib.images import Layer
from lib.terminal import open_in

FILE = ".devcontainer/devcontainer.json"
SECRET = "sk-container-51c7e2"


def _image(world, *layers: Layer, **run) -> str:
    """An image in the workspace, as a project may name one."""
    folder = os.path.join(world.workspace, "image")
    shutil.rmtree(folder, ignore_errors=True)
    made = images.Layout(folder).add("i", [one.tar() for one in layers or [images.busybox("mv", "hostname")]], **run)
    return "oci:image@" + made["digest"]


def _project(world, of_host: bool = False, file: str = FILE, **fields) -> str:
    """Writes the project's file, with an image of busybox unless it names another one; its path."""
    if not of_host and "image" not in fields:
        fields["image"] = _image(world)
    return world.write(os.path.join(world.workspace, file), json.dumps(fields, indent=1))


def _other_project(world, **fields) -> str:
    """The folder of another project with the same image."""
    folder = os.path.join(world.root, "other")
    world.write(os.path.join(folder, ".devcontainer.json"), json.dumps({"image": _image(world), **fields}))
    shutil.copytree(os.path.join(world.workspace, "image"), os.path.join(folder, "image"))
    return folder


def _trust(world, path: str) -> None:
    world.aileron("policy", "trust", "--yes", path).ok()


def _launch(world, script: str, *flags, **more):
    return world.launch("sh", "-c", script, flags=list(flags), **more)


def _exists(world, name: str) -> bool:
    return os.path.exists(os.path.join(world.workspace, name))


# --- the root, the workspace, the environment

def test_the_files_image_is_the_root(any_world):
    """The launch runs on another root than the file's, or the workspace stands elsewhere than the specification has it."""
    path = _project(any_world)
    result = _launch(any_world, "pwd; ls /; cat /proc/1/comm; echo $AILERON_SANDBOX_TIER; echo x > made").ok()
    name = os.path.basename(any_world.workspace)
    assert result.out.split("\n")[0] == f"/workspaces/{name}" and "usr" not in result.out.split(), result.describe()
    assert "devcontainer" in result.out and any_world.read("made") == "x\n"
    plan = any_world.json("sandbox", "plan")
    assert plan["workspace_folder"] == f"/workspaces/{name}" and plan["config"] == path


def test_the_image_can_be_another_or_none(any_world):
    """--image or --no-devcontainer leaves the file's image in force, or the first leaves out what else the file says."""
    _project(any_world, containerEnv={"OF_FILE": "yes"})
    other = images.layout(any_world, "other", images.busybox().file("other", "x"), Env=["OF_IMAGE=yes"])
    result = _launch(any_world, "ls /other; echo $OF_FILE$OF_IMAGE; pwd", "--image", other).ok()
    assert result.out == f"/other\nyesyes\n/workspaces/{os.path.basename(any_world.workspace)}\n", result.describe()
    plain = _launch(any_world, "ls -d /usr; pwd; echo \"[$OF_FILE]\"", "--no-devcontainer").ok()
    assert plain.out == f"/usr\n{any_world.workspace}\n[]\n", plain.describe()


def test_a_file_without_an_image_adds_to_the_hosts_root(any_world):
    """The file is passed over, or moves the workspace where the host has no place for it."""
    _project(any_world, of_host=True, containerEnv={"A": "1"}, workspaceFolder="/somewhere", postStartCommand="echo ran > ran")
    result = _launch(any_world, "pwd; echo $A; ls -d /usr").ok()
    assert result.out == f"{any_world.workspace}\n1\n/usr\n" and any_world.read("ran") == "ran\n", result.describe()


def test_of_several_files_one_is_named(any_world):
    """One of several is taken by chance, or the named one is not."""
    _project(any_world, file=".devcontainer/a/devcontainer.json", containerEnv={"WHICH": "a"})
    _project(any_world, file=".devcontainer/b/devcontainer.json", containerEnv={"WHICH": "b"})
    several = _launch(any_world, "true")
    assert several.rc == 78 and "--config" in several.err, several.describe()
    assert _launch(any_world, "echo $WHICH", "--config", ".devcontainer/b/devcontainer.json").ok().out == "b\n"


def test_a_mistake_stops_the_launch(any_world):
    """A file that is wrong starts something, or the message has no place."""
    path = any_world.write(FILE, '{\n "image": 3\n}')
    result = _launch(any_world, "touch started")
    assert result.rc == 78 and f"{path}:2:11" in result.err and not _exists(any_world, "started"), result.describe()
    any_world.write(FILE, '{"dockerComposeFile": "c.yml", "service": "s"}')
    result = _launch(any_world, "touch started")
    assert result.rc == 78 and "dockerComposeFile" in result.err and "--no-devcontainer" in result.err, result.describe()


def test_what_has_to_be_built_first_is_said(any_world):
    """The launch falls back on another root without a word."""
    _project(any_world, of_host=True, customizations={"aileron": {"image": "base"}})
    result = _launch(any_world, "touch started")
    assert result.rc == 125 and "sandbox build --base --yes" in result.err and not _exists(any_world, "started"), result.describe()
    assert _launch(any_world, "echo on", "--image", images.layout(any_world, "x", images.busybox())).ok().out == "on\n"


def test_the_environment_is_the_images_then_the_files(any_world):
    """Variables of the file do not hold, see a variable of the host, or change what is aileron's."""
    _project(any_world, image=_image(any_world, images.busybox(), Env=["PATH=/opt:/bin", "OF_IMAGE=1", "BOTH=image"]),
             containerEnv={"BOTH": "file", "FOLDER": "${containerWorkspaceFolder}", "HTTPS_PROXY": "http://evil", "AILERON_TOKEN": "x",
                           "STOLEN": "${localEnv:MARKED}"},
             remoteEnv={"SEEN": "${containerEnv:OF_IMAGE}-${containerEnv:BOTH}-${containerEnv:NONE:none}", "PATH": "/more:${containerEnv:PATH}",
                        "BOTH": None, "SSL_CERT_FILE": "/evil", "MINE": "theirs"})
    result = _launch(any_world, "echo $FOLDER; echo $HTTPS_PROXY; echo [$STOLEN]; echo $SEEN; echo $PATH; echo [$BOTH]; "
                     "echo $SSL_CERT_FILE; echo $MINE; test $AILERON_TOKEN != x && echo token", "--env", "MINE=mine",
                     env={"MARKED": SECRET}).ok()
    any_world.secret_free(result.stdout + result.stderr, SECRET)
    name = os.path.basename(any_world.workspace)
    assert result.out.splitlines() == [f"/workspaces/{name}", "http://127.0.0.1:3128", "[]", "1-file-none",
                                       "/run/aileron/bin:/more:/run/aileron/bin:/opt:/bin", "[]",
                                       "/run/aileron/ca-bundle.pem", "mine", "token"], result.describe()


def test_an_images_label_speaks_too(any_world):
    """The label of an image is not read, wins over the file, or gets a variable of the host."""
    label = json.dumps([{"containerEnv": {"A": "label", "B": "label", "S": "${localEnv:MARKED}"}, "postStartCommand": "echo label >> order"}])
    path = _project(any_world, image=_image(any_world, images.busybox(), Labels={"devcontainer.metadata": label}),
                    containerEnv={"A": "file"}, postStartCommand="echo file >> order", initializeCommand="true")
    _trust(any_world, path)
    result = _launch(any_world, "echo $A $B [$S]", env={"MARKED": SECRET}).ok()
    assert result.out == "file label []\n" and any_world.read("order") == "label\nfile\n", result.describe()
    assert any_world.json("sandbox", "plan")["merged"]["containerEnv"]["B"] == "label"


# --- hostile places

@pytest.mark.parametrize("folder", ["/", "/proc", "/proc/1", "/sys/x", "/dev", "/run/aileron", "/run/aileron/bin", "/run", "/etc", "/etc/x",
                                    "/usr", "/bin", "/x/../etc"])
def test_the_workspace_takes_no_place_of_the_sandboxes(any_world, folder):
    """A file puts the workspace over what the sandbox is made of."""
    _project(any_world, workspaceFolder=folder)
    result = _launch(any_world, "touch started")
    assert result.rc == 78 and "workspaceFolder" in result.err and not _exists(any_world, "started"), result.describe()


@pytest.mark.parametrize("target", ["/proc", "/run/aileron", "/etc", "/usr/bin", "/"])
def test_nothing_is_mounted_over_the_sandboxes_own(any_world, target):
    """A volume, memory or a folder takes the place of what the sandbox is made of."""
    any_world.write("data/x", "")
    _project(any_world, mounts=[f"type=volume,source=v,target={target}", f"type=tmpfs,target={target}",
                                f"type=bind,source=${{localWorkspaceFolder}}/data,target={target}"],
             runArgs=[f"--tmpfs={target}", "-v", f"v:{target}"])
    result = _launch(any_world, "test -x /bin/sh && cat /proc/1/comm /etc/hosts; test -f /run/aileron/token && echo token").ok()
    assert "aileron.internal" in result.out and "token" in result.out, result.describe()
    plan = any_world.json("sandbox", "plan")
    assert all(one["state"] == "not honoured" for one in plan["fields"] if one["field"] in ("mounts", "runArgs")), plan


@pytest.mark.parametrize("link, where", [("data", "/proc"), ("data", "/etc"), ("data", "/run/aileron"), ("data/sub", "/bin")])
@pytest.mark.parametrize("field", ["workspaceFolder", "volume", "memory"])
def test_a_link_of_the_image_leads_no_mount_elsewhere(any_world, field, link, where):
    """A link in the image leads what the file mounts over the sandbox's own places."""
    layer = images.busybox()
    layer = layer.folder("data").link(link, where) if "/" in link else layer.link(link, where)
    fields = {"workspaceFolder": {"workspaceFolder": f"/{link}/w"}, "volume": {"mounts": [f"source=v,target=/{link}"]},
              "memory": {"runArgs": [f"--tmpfs=/{link}"]}}[field]
    _project(any_world, image=_image(any_world, layer), **fields)
    result = _launch(any_world, "touch started; echo started")
    assert result.rc == 125 and "link" in result.err and f"/{link}" in result.err and "started" not in result.out, result.describe()


def test_canary_a_folder_of_the_image_takes_a_mount(any_world):
    """Nothing that the file mounts is ever mounted, link or not."""
    _project(any_world, image=_image(any_world, images.busybox().folder("data")), workspaceFolder="/data/w",
             mounts=["source=v,target=/data/v"], runArgs=["--tmpfs=/data/m:size=1m"])
    result = _launch(any_world, "pwd; echo a > /data/v/x && echo b > /data/m/x && cat /data/v/x; grep -c ' /data/[vm] ' /proc/self/mountinfo").ok()
    assert result.out == "/data/w\na\n2\n", result.describe()


def test_an_image_outside_of_the_workspace_is_not_a_projects_to_name(any_world):
    """A project shows a layout of the host's, by its path or a link."""
    outside = images.layout(any_world, "outside", images.busybox().file("secret", SECRET))
    os.symlink(outside.removeprefix("oci:"), os.path.join(any_world.workspace, "link"))
    with open(os.path.join(outside.removeprefix("oci:"), "index.json"), encoding="utf-8") as file:
        digest = json.load(file)["manifests"][0]["digest"]
    for reference in (outside, "oci:link", "oci:../images/outside"):
        _project(any_world, image=f"{reference}@{digest}")
        result = _launch(any_world, "cat /secret")
        assert result.rc == 125 and "--image" in result.err and SECRET not in result.out, result.describe()
    assert _launch(any_world, "cat /secret", "--image", outside).ok().out == SECRET


def test_an_image_of_the_workspace_is_the_one_that_was_meant(any_world):
    """An agent puts another image, or a file that names one, into the workspace, and the next launch runs its programs."""
    evil = _image(any_world, images.busybox().file("evil", "x")).partition("@")[2].removeprefix("sha256:")
    evil_manifest = any_world.read(f"image/blobs/sha256/{evil}")
    reference = _image(any_world)
    for unpinned in ("oci:image", "oci:image:i", "docker-archive:image"):
        _project(any_world, image=unpinned)
        result = _launch(any_world, "true")
        assert result.rc == 125 and "digest" in result.err, result.describe()
    _project(any_world, image=reference)
    any_world.write("image/blobs/sha256/" + reference.rpartition(":")[2], evil_manifest)
    result = _launch(any_world, "ls /evil")
    assert result.rc == 125 and reference.rpartition(":")[2][:12] in result.err, result.describe()


@pytest.mark.parametrize("name", [".devcontainer.json", ".devcontainer/devcontainer.json", ".devcontainer/x/devcontainer.json"])
def test_an_agent_makes_no_file_for_the_next_launch(any_world, name):
    """An agent in a project without a file writes one."""
    _launch(any_world, f"mkdir -p {os.path.dirname(name) or '.'}; echo '{{}}' > {name}; mv {name.split('/')[0]} x; true").ok()
    assert not _exists(any_world, name)
    # And a launch beside one that keeps the name goes on.
    child = any_world.launch_start("sh", "-c", "echo up; sleep 60")
    assert child.stdout.readline() == b"up\n"
    _launch(any_world, "true").ok()


def test_canary_an_agent_makes_other_files(any_world):
    """An agent writes nothing there anyway."""
    _launch(any_world, "echo '{}' > devcontainer.json").ok()
    assert _exists(any_world, "devcontainer.json")


# --- lifecycle

ALL = {"postAttachCommand": "echo attach >> order", "postStartCommand": ["sh", "-c", "echo start >> order"],
       "postCreateCommand": {"one": "echo create >> order", "two": ["touch", "beside"]},
       "updateContentCommand": "echo update >> order", "onCreateCommand": "pwd > where; echo on-create >> order"}


def test_commands_run_in_order_before_the_agent(any_world):
    """A command runs out of order, elsewhere, or when the agent runs already."""
    _project(any_world, **ALL)
    result = _launch(any_world, "cat order where").ok()
    name = os.path.basename(any_world.workspace)
    assert result.out.split() == ["on-create", "update", "create", "start", "attach", f"/workspaces/{name}"], result.describe()
    assert _exists(any_world, "beside") and "postCreateCommand" in result.err


def test_commands_of_creation_run_once_for_a_content(any_world):
    """They run each time, or not again when the file or the flag asks for it."""
    _project(any_world, **ALL)
    for _ in range(2):
        _launch(any_world, "true").ok()
    assert any_world.read("order").split() == ["on-create", "update", "create", "start", "attach", "start", "attach"]
    _launch(any_world, "true", "--setup=always").ok()
    assert any_world.read("order").split()[7:] == ["on-create", "update", "create", "start", "attach"]
    _project(any_world, **ALL, name="another")
    _launch(any_world, "true", "--setup=never").ok()
    assert any_world.read("order").split()[12:] == ["start", "attach"]
    _launch(any_world, "true").ok()
    assert any_world.read("order").split()[14:] == ["on-create", "update", "create", "start", "attach"]


def test_what_creation_puts_into_the_home_is_there_again(any_world):
    """What commands of creation install for the user is gone with the first sandbox, or another project has it."""
    _project(any_world, onCreateCommand="echo tool > ~/tool")
    for _ in range(2):
        assert _launch(any_world, "cat ~/tool; echo $HOME").ok().out == "tool\n/home/agent\n"
    _project(any_world, name="no commands of creation")
    assert _launch(any_world, "cat ~/tool").rc == 1
    assert _launch(any_world, "cat ~/tool", cwd=_other_project(any_world, onCreateCommand="true")).rc == 1


def test_on_the_hosts_root_the_home_is_kept_too(any_world):
    """The home of a devcontainer without an image is the person's, or gone with the sandbox."""
    any_world.home_used = True
    mine = any_world.write(os.path.join(any_world.home, "mine"), "x")
    _project(any_world, of_host=True, onCreateCommand="echo tool > ~/tool")
    for _ in range(2):
        assert _launch(any_world, "cat ~/tool; ls ~").ok().out == "tool\ntool\n"
    assert os.listdir(any_world.home) == [os.path.basename(mine)]


@pytest.mark.parametrize("stage", ["onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand", "postAttachCommand"])
def test_a_command_that_fails_stops_the_launch(any_world, stage):
    """The agent starts in what is half made, or nobody is told which command failed and where."""
    path = _project(any_world, **{stage: "echo what-it-said; exit 3"})
    line = next(number for number, text in enumerate(any_world.read(FILE).split("\n"), 1) if stage in text)
    result = _launch(any_world, "touch started")
    assert result.rc == 125 and f"{path}:{line}: {stage} failed with exit code 3" in result.err, result.describe()
    assert "what-it-said" in result.err and result.out == "" and not _exists(any_world, "started")
    _project(any_world, **{stage: "touch repaired"})
    _launch(any_world, "true").ok()
    assert _exists(any_world, "repaired")


def test_one_of_several_at_once_that_fails_is_named(any_world):
    """The others are waited for, or the name is not told."""
    _project(any_world, postCreateCommand={"good": "true", "bad": ["sh", "-c", "exit 7"], "long": "sleep 600"})
    result = _launch(any_world, "true", timeout=60)
    assert result.rc == 125 and "postCreateCommand bad failed with exit code 7" in result.err, result.describe()


def test_a_command_that_is_not_there_is_named(any_world):
    """A command without a program ends in silence."""
    _project(any_world, onCreateCommand=["no-such-program"])
    result = _launch(any_world, "true")
    assert result.rc == 125 and "onCreateCommand" in result.err and "no-such-program" in result.err, result.describe()


def test_commands_stand_behind_the_agents_walls(any_world):
    """A command of the lifecycle sees the host, has a way out, or escapes the rules about commands."""
    outside = any_world.write(os.path.join(any_world.root, "outside", "host-only"), "x")
    _project(any_world, postStartCommand=f"test -e {outside} && echo seen > seen; echo x > /etc/x; mount -t tmpfs none /tmp && echo mounted > mounted; true")
    _launch(any_world, "true").ok()
    assert not _exists(any_world, "seen") and not _exists(any_world, "mounted")
    _project(any_world, postStartCommand="touch forbidden")
    result = _launch(any_world, "true", "--command-deny", "touch **")
    assert result.rc == 125 and not _exists(any_world, "forbidden"), result.describe()


def test_what_a_command_leaves_running_stays(any_world):
    """What a command started in the background is gone when the agent comes, on a terminal too."""
    _project(any_world, postStartCommand="sleep 300 & echo $! > left")
    assert _launch(any_world, "kill -0 $(cat left) && echo alive").ok().out == "alive\n"
    terminal = open_in(any_world, any_world.launch_line(["sh", "-c", "kill -0 $(cat left) && echo al''ive"]))
    terminal.expect("alive")
    assert terminal.wait() == 0


def test_a_command_is_interrupted_and_the_agent_has_its_terminal(any_world):
    """Ctrl-C does not reach a command, or the terminal that it had is no use to the agent."""
    _project(any_world, postStartCommand="test -f go || { echo wait''ing; sleep 600; }")
    terminal = open_in(any_world, any_world.launch_line(["sh", "-c", "test -t 0 && echo ter''minal; sleep 600"]))
    terminal.expect("waiting")
    terminal.send("\x03")
    assert terminal.wait() == 130
    any_world.write("go", "")
    terminal = open_in(any_world, any_world.launch_line(["sh", "-c", "test -t 0 && echo ter''minal; sleep 600"]))
    terminal.expect("terminal")
    terminal.send("\x03")
    assert terminal.wait() == 130


def test_a_command_ends_with_the_launcher(any_world):
    """A signal to the launcher does not end a command that runs."""
    _project(any_world, postStartCommand="touch begun; sleep 600")
    child = any_world.launch_start("true")
    process.eventually(lambda: _exists(any_world, "begun"), "the command runs")
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 143


# --- trust

ATTACK = {"initializeCommand": "touch pwned; echo $MARKED > stolen", "remoteEnv": {"TOKEN": "${localEnv:MARKED}"},
          "customizations": {"aileron": {"services": [{"name": "evil", "command": ["touch", "served"]}]}}}


def test_an_untrusted_file_runs_nothing_on_the_host(any_world):
    """A stranger's file runs on the host, gets a variable of it, or keeps a service running."""
    path = _project(any_world, **ATTACK)
    result = _launch(any_world, "echo [$TOKEN]", env={"MARKED": SECRET}).ok()
    assert result.out == "[]\n", result.describe()
    for name in ("pwned", "stolen", "served"):
        assert not _exists(any_world, name), name
    assert "touch pwned" in result.err and "MARKED" in result.err and "services evil" in result.err
    assert f"aileron policy trust {path}" in result.err


def test_canary_a_trusted_file_does_all_that(any_world):
    """The attack would do nothing anyway."""
    path = _project(any_world, **ATTACK)
    shown = any_world.aileron("policy", "trust", path)
    assert shown.rc == 77 and "touch pwned" in shown.err, shown.describe()
    _trust(any_world, path)
    result = _launch(any_world, "echo [$TOKEN]; until test -f served; do sleep 0.1; done", env={"MARKED": SECRET}).ok()
    assert result.out == f"[{SECRET}]\n" and _exists(any_world, "pwned") and any_world.read("stolen") == SECRET + "\n"
    assert "aileron policy trust" not in result.err, result.describe()


def test_a_changed_file_is_untrusted_again(any_world):
    """Trust outlives the text that it was given to, or holds for another place."""
    path = _project(any_world, initializeCommand="echo 1 >> ran")
    _trust(any_world, path)
    _launch(any_world, "true").ok()
    _project(any_world, initializeCommand="echo 2 >> ran")
    changed = _launch(any_world, "true").ok()
    assert any_world.read("ran") == "1\n" and "nobody trusted" in changed.err, changed.describe()
    trusted, = any_world.json("policy", "trusted")
    assert trusted["path"] == path and trusted["state"] == "changed"


@pytest.mark.parametrize("name", [FILE, ".devcontainer.json", "ci/agent.json"])
def test_an_agent_cannot_change_the_file(any_world, name):
    """An agent changes what the next launch would run, also in a file that has a name of its own."""
    _project(any_world, file=name, postStartCommand="true")
    before = any_world.read(name)
    _launch(any_world, f"echo '{{}}' > {name}; rm -f {name}; mv {name.split('/')[0]} x; true", "--config", name).ok()
    assert any_world.read(name) == before


@pytest.mark.parametrize("command", ["sh scripts/init.sh", ["sh", "./scripts/init.sh"], "X=scripts/init.sh; sh \"$X\""])
def test_what_a_trusted_command_names_is_not_the_agents_to_change(any_world, command):
    """An agent changes the script that the next launch runs on the host."""
    good = "echo good >> ran\n"
    any_world.write("scripts/init.sh", good)
    _trust(any_world, _project(any_world, of_host=True, initializeCommand=command))
    _launch(any_world, "echo 'touch pwned' > scripts/init.sh; rm -f scripts/init.sh; mv scripts x; ln -sf /dev/null scripts/init.sh; "
            "echo free > scripts/other; true").ok()
    assert any_world.read("scripts/init.sh") == good and any_world.read("scripts/other") == "free\n"
    _launch(any_world, "true").ok()
    assert any_world.read("ran") == "good\ngood\n"


@pytest.mark.parametrize("answer, ran", [("y", True), ("n", False)])
def test_a_person_is_asked_with_what_it_runs(any_world, answer, ran):
    """A person on a terminal is not asked, does not see what runs, or is not heeded."""
    _project(any_world, initializeCommand="touch on-host")
    terminal = open_in(any_world, any_world.launch_line(["sh", "-c", "echo st''arted"]))
    terminal.expect(r"\n[^\n]*initializeCommand[^\n]*touch on-host")
    terminal.expect("Trust this file")
    terminal.send(answer + "\n")
    terminal.expect("started")
    assert terminal.wait() == 0 and _exists(any_world, "on-host") == ran
    assert len(any_world.json("policy", "trusted")) == ran


def test_who_leaves_before_the_agent_runs_ends_a_detached_launch(any_world):
    """A launch goes on of which nobody knows the id."""
    _project(any_world, postStartCommand="touch begun; sleep 600")
    child = any_world.launch_start("true", flags=["--detach"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.eventually(lambda: _exists(any_world, "begun"), "the command runs")
    child.send_signal(signal.SIGTERM)  # a run in the background ignores SIGINT
    child.stdout.close()
    assert child.wait(30) != 0
    process.eventually(lambda: any_world.json("session", "list") == [], "the launch has ended")


@pytest.mark.parametrize("answer,ran", [("y", True), ("n", False)])
def test_a_detached_launch_asks_where_it_was_typed(any_world, answer, ran):
    """The question of a detached launch waits where nobody is, or is put twice."""
    _project(any_world, initializeCommand="touch on-host")
    terminal = open_in(any_world, any_world.launch_line(["true"], ["--detach"]))
    terminal.expect("Trust this file")
    terminal.send(answer + "\n")
    session = terminal.expect(r"\b([0-9A-Z]{26})\b").group(1)
    assert terminal.wait() == 0
    kept = os.path.join(any_world.state, "aileron/kept", session, "exit")
    process.eventually(lambda: os.path.exists(kept), "it has ended")
    assert _exists(any_world, "on-host") == ran


def test_what_is_made_on_the_host_is_there_for_the_sandbox(any_world):
    """initializeCommand runs when mounts and the image have been looked at already."""
    path = _project(any_world, initializeCommand="mkdir -p made; mv image.new image; echo x > made/x",
                    mounts=["type=bind,source=${localWorkspaceFolder}/made,target=/made",
                            "type=bind,source=${localWorkspaceFolder}/made,target=${containerWorkspaceFolder}/again"])
    os.rename(os.path.join(any_world.workspace, "image"), os.path.join(any_world.workspace, "image.new"))
    _trust(any_world, path)
    assert _launch(any_world, "cat /made/x again/x").ok().out == "x\nx\n"


def test_a_command_on_the_host_that_fails_stops_the_launch(any_world):
    """The agent starts although initializeCommand failed."""
    path = _project(any_world, initializeCommand="echo why; exit 4")
    _trust(any_world, path)
    result = _launch(any_world, "touch started")
    assert result.rc == 125 and "initializeCommand failed with exit code 4" in result.err and "why" in result.err, result.describe()
    assert not _exists(any_world, "started") and result.out == ""


# --- mounts, volumes, flags of docker run

def test_mounts_show_parts_of_the_workspace_and_nothing_else(any_world):
    """A mount shows a part of the host, or opens what is protected; one of the workspace is not there."""
    any_world.write("data/x", "data")
    any_world.write(".vscode/tasks.json", "{}")
    secret = any_world.write(os.path.join(any_world.root, "host", "s"), SECRET)
    os.symlink(os.path.dirname(secret), os.path.join(any_world.workspace, "link"))
    _project(any_world, mounts=["type=bind,source=${localWorkspaceFolder}/data,target=/data",
                                "type=bind,source=${localWorkspaceFolder}/.vscode,target=/editor",
                                f"type=bind,source={os.path.dirname(secret)},target=/host",
                                {"type": "bind", "source": "${localWorkspaceFolder}/link", "target": "/linked"}],
             runArgs=["-v", f"{os.path.dirname(secret)}:/flag", "--privileged"])
    result = _launch(any_world, "cat /data/x; echo new > /data/y; echo evil > /editor/tasks.json; cat /host/s /linked/s /flag/s; true").ok()
    assert result.out == "data" and any_world.read("data/y") == "new\n", result.describe()
    assert any_world.read(".vscode/tasks.json") == "{}" and "leads out of the workspace" in result.err
    any_world.secret_free(result.stdout, SECRET)


def test_volumes_are_kept_for_their_project(any_world):
    """A volume or cache is gone with its sandbox, or is another project's too."""
    fields = {"mounts": ["source=deps,target=${containerWorkspaceFolder}/deps,type=volume"],
              "customizations": {"aileron": {"caches": {"npm": "/home/agent/.npm"}}}}
    _project(any_world, **fields)
    _launch(any_world, "echo 1 > deps/x; echo 2 > ~/.npm/x").ok()
    assert _launch(any_world, "cat deps/x ~/.npm/x").ok().out == "1\n2\n"
    assert os.listdir(os.path.join(any_world.workspace, "deps")) == []
    assert _launch(any_world, "cat deps/x ~/.npm/x", cwd=_other_project(any_world, **fields)).rc == 1


def test_flags_of_docker_run_hold(any_world):
    """A flag that is honoured does nothing."""
    _project(any_world, runArgs=["--hostname=box", "--shm-size", "8m", "-e", "A=1", "--workdir=/tmp", "--tmpfs=/scratch:size=4m",
                                 "--pids-limit=40", "--stop-signal", "SIGINT", "--ulimit", "nofile=123:456", "--ulimit=core=0"])
    result = _launch(any_world, "hostname 2>/dev/null || cat /proc/sys/kernel/hostname; echo $A; pwd; grep -E ' /dev/shm | /scratch ' /proc/mounts; "
                     "grep box /etc/hosts; ulimit -Sn; ulimit -Hn").ok()
    assert result.out.split("\n")[-3:] == ["123", "456", ""], result.describe()
    assert result.out.split("\n")[:3] == ["box", "1", "/tmp"] and "size=8192k" in result.out and "size=4096k" in result.out, result.describe()
    child = any_world.launch_start("sh", "-c", "trap 'echo int; exit 9' INT; touch /home/agent/x; echo go; while :; do sleep 0.1; done")
    assert child.stdout.readline() == b"go\n"
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 9


def test_a_flag_that_says_nothing_is_a_mistake(any_world):
    """A bound that nobody can read is none, without a word."""
    path = _project(any_world, runArgs=["--ulimit=nofile=9:1"])
    result = _launch(any_world, "touch started")
    assert result.rc == 78 and path in result.err and "soft limit" in result.err and not _exists(any_world, "started"), result.describe()
    # More than this machine has is what it has.
    _project(any_world, runArgs=["--ulimit=nofile=1000:99999999999"])
    hard = _launch(any_world, "ulimit -Sn; ulimit -Hn").ok().out.split()
    assert hard[0] == "1000" and int(hard[1]) <= resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def test_what_this_machine_lacks_is_told(any_world):
    """A machine that is too small is not told of, or refused."""
    _project(any_world, hostRequirements={"cpus": 4096, "memory": "1kb"})
    result = _launch(any_world, "echo on").ok()
    assert "needs 4096 processors" in result.err and "memory" not in result.err and result.out == "on\n"


# --- customizations.aileron

def test_a_profile_narrows_and_opens_with_trust(any_world):
    """An untrusted file widens the network, or a narrow one does not hold."""
    def profile():
        _launch(any_world, "true").ok()
        return any_world.json("session", "list", "--all")[0]["profile"]

    path = _project(any_world, customizations={"aileron": {"policy": "open"}})
    assert profile() == "guarded"
    _trust(any_world, path)
    assert profile() == "open"
    _project(any_world, customizations={"aileron": {"policy": "locked"}})
    assert profile() == "locked"


def test_an_agent_that_the_image_lacks_stops_the_launch(any_world):
    """The launch goes on without the program that the project needs."""
    _project(any_world, customizations={"aileron": {"agents": ["sh", "claude"]}})
    result = _launch(any_world, "true")
    assert result.rc == 125 and "looking for claude" in result.err, result.describe()
    _project(any_world, customizations={"aileron": {"agents": ["sh"]}})
    _launch(any_world, "true").ok()


def test_what_the_user_has_not_bound_is_told(any_world):
    """A project's need for a credential is passed over, or told of one that is bound."""
    any_world.bound("api.test", SECRET, scheme="bearer")
    _project(any_world, secrets={"DEPLOY_KEY": {}, "PATH": {}}, customizations={"aileron": {"bindings": ["api/service", "token/deploy"]}})
    result = _launch(any_world, "true").ok()
    assert "token/deploy" in result.err and "api/service" not in result.err, result.describe()
    assert "DEPLOY_KEY" in result.err and "the secret PATH" not in result.err


def test_forwarded_ports_are_published(any_world):
    """A port that the file forwards does not lead inside."""
    port = sites.free_port()  # of each run's own: several go on at once
    _project(any_world, forwardPorts=[port])
    result = _launch(any_world, "true").ok()
    assert f"127.0.0.1:{port} leads to port {port}" in result.err, result.describe()


def test_flags_about_the_file_exclude_leaving_it_out(world):
    """A contradiction is resolved in silence."""
    for flag in (["--config", "x"], ["--setup", "always"]):
        result = world.run(binary.path(), "launch", "--no-devcontainer", *flag, "true")
        assert result.rc == 64 and "--no-devcontainer" in result.err, result.describe()
