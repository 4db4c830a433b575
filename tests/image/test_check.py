"""`aileron sandbox check` says before a launch what an agent would miss, and how an image gets it."""

import os

from lib import images


def _check(world, *flags, rc: int = 0) -> dict:
    result = world.aileron("sandbox", "check", *flags, "--json")
    assert result.rc == rc, result.describe()
    import json  # pylint: disable=import-outside-toplevel
    return {one["name"]: one for one in json.loads(result.out)}


def test_a_sandbox_of_this_machine_has_what_an_agent_needs(any_world):
    """A sandbox in which everything is there is told to lack something."""
    found = _check(any_world, "--agent", "git")
    wrong = {name: one for name, one in found.items() if one["state"] == "missing"}
    assert not wrong and found["session authority"]["state"] == "ok", found
    assert found["program git"]["detail"] == "/usr/bin/git" and found["workspace"]["state"] == "ok"
    assert os.listdir(any_world.workspace) == []


def test_what_an_image_lacks_is_named_with_what_adds_it(any_world):
    """An agent that is not in the image, or cannot run there, is found out when it is started."""
    reference = images.layout(
        any_world, "alpine-like", images.busybox()
        .file("etc/os-release", "ID=alpine\nPRETTY_NAME=\"Alpine Linux v3.20\"\n")
        .file("usr/bin/codex", "#!/usr/bin/env node\n", 0o755)
        .file("usr/bin/tool", open("/usr/bin/git", "rb").read()[:65536], 0o755))
    found = _check(any_world, "--image", reference, "--agent", "claude", "--agent", "codex", "--agent", "git",
                   "--agent", "tool", rc=1)
    assert found["distribution"]["detail"] == "Alpine Linux v3.20"
    assert found["program claude"]["fix"] == "npm install -g @anthropic-ai/claude-code"
    assert "/usr/bin/env, which is not there" in found["program codex"]["detail"], found
    assert found["program git"]["state"] == "missing" and found["program git"]["fix"] == "apk add git"
    assert "ld-linux" in found["program tool"]["detail"] and found["program tool"]["fix"] == "apk add gcompat"
    assert found["session authority"]["fix"] == "apk add ca-certificates"
    told = any_world.aileron("sandbox", "check", "--image", reference, "--agent", "git")
    assert told.rc == 1 and "FINDING" in told.out and "program git: apk add git" in told.out, told.describe()


def test_a_devcontainer_is_checked_without_its_commands(any_world):
    """A check runs what belongs to a launch, or looks at another sandbox than the launch's."""
    reference = images.layout(any_world, "plain", images.busybox())
    any_world.write(".devcontainer/devcontainer.json",
                    '{"workspaceFolder": "/work/there", "postCreateCommand": "echo ran > /work/there/ran"}')
    found = _check(any_world, "--image", reference)
    assert "/work/there can be written" in found["workspace"]["detail"], found
    assert not os.path.exists(os.path.join(any_world.workspace, "ran"))
    found = _check(any_world, "--image", reference, "--read-only")
    assert found["workspace"]["state"] == "ok" and "cannot be written" in found["workspace"]["detail"]


def test_without_a_sandbox_the_launchs_own_words_are_told(world):
    """A check of a sandbox that cannot be started says that all is well, or nothing."""
    result = world.aileron("sandbox", "check", "--image", "oci:/nowhere")
    assert result.rc == 125 and "/nowhere" in result.err and result.out == "", result.describe()
