"""The workspace cannot plant code that the host runs later, and git works all the same."""

import os
import subprocess

import pytest

from lib import process

PLANTS = [".git/hooks/pre-commit", ".envrc", ".vscode/tasks.json", ".idea/workspace.xml",
          ".devcontainer/devcontainer.json", ".devcontainer.json", ".devcontainer-lock.json", ".claude/settings.json", ".codex/config.toml",
          "aileron.yaml", ".git/modules/sub/hooks/post-checkout"]

_GIT = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
        "GIT_AUTHOR_NAME": "T", "GIT_AUTHOR_EMAIL": "t@t", "GIT_COMMITTER_NAME": "T",
        "GIT_COMMITTER_EMAIL": "t@t"}
_IDENTITY = [item for name, value in _GIT.items() if "NAME" in name or "EMAIL" in name
             for item in ("--env", f"{name}={value}")]


def git(world, *words, cwd=None):
    """git outside the sandbox."""
    return world.run("git", *words, env=_GIT, cwd=cwd).ok()


@pytest.fixture
def project(any_world):
    """A world whose workspace is a git project with one commit."""
    git(any_world, "init", "-q", "-b", "main")
    any_world.write("file", "one\n")
    git(any_world, "add", "file")
    git(any_world, "commit", "-qm", "first")
    return any_world


def plant(path: str) -> str:
    """A script that tries to put a file at `path` in every way."""
    folder = os.path.dirname(path) or "."
    return (f"mkdir -p {folder} 2>/dev/null; echo EVIL > {path} 2>/dev/null; "
            f"rm -rf {path} 2>/dev/null; rm -rf {folder}/x 2>/dev/null; "
            f"echo EVIL > /tmp/evil; ln /tmp/evil {path} 2>/dev/null; "
            f"ln -sf /tmp/evil {path} 2>/dev/null; cp /tmp/evil {path} 2>/dev/null; "
            f"mv /tmp/evil {path} 2>/dev/null; true")


@pytest.mark.parametrize("path", PLANTS)
def test_nothing_that_the_host_would_run_can_be_planted(project, path):
    """The agent makes a file that the host's tools run later, where there was none."""
    project.shell(plant(path))
    full = os.path.join(project.workspace, path)
    assert not os.path.lexists(full) or b"EVIL" not in open(full, "rb").read()


@pytest.mark.parametrize("path", PLANTS)
def test_what_the_host_would_run_cannot_be_changed(project, path):
    """The agent changes or removes a file that the host's tools run."""
    if path.startswith(".git/modules"):
        os.makedirs(os.path.join(project.workspace, ".git", "modules", "sub"))
    good = {"aileron.yaml": "version: 1\n", ".devcontainer.json": "{}\n",
            ".devcontainer/devcontainer.json": "{}\n"}.get(path, "GOOD\n")
    project.write(path, good, 0o755)
    result = project.shell(f"cat {path}; " + plant(path))
    assert result.out.startswith(good), result.describe()
    assert project.read(path) == good


@pytest.mark.parametrize("folder", [".git", ".vscode", ".claude"])
def test_a_protected_folder_cannot_be_moved_aside(project, folder):
    """The agent renames a protected folder and puts its own in its place."""
    name = {".git": "hooks/pre-commit", ".vscode": "tasks.json", ".claude": "settings.json"}[folder]
    project.write(f"{folder}/{name}", "GOOD\n", 0o755)
    project.shell(f"mv {folder} aside && cp -r aside {folder}; rm -f {folder}/{name}; "
                  f"mkdir -p {folder}; echo EVIL > {folder}/{name}; true")
    full = os.path.join(project.workspace, folder, name)
    assert os.path.exists(full) and project.read(full) == "GOOD\n"


def test_the_workspace_itself_cannot_be_swapped(project):
    """The agent replaces the workspace's folder by another."""
    project.write(".git/hooks/pre-commit", "GOOD\n", 0o755)
    project.shell(f"cd /; mv {project.workspace} {project.root}/other; "
                  f"mkdir -p {project.workspace}/.git/hooks; "
                  f"echo EVIL > {project.workspace}/.git/hooks/pre-commit; true")
    assert project.read(".git/hooks/pre-commit") == "GOOD\n"


def test_allow_write_opens_one_path(project):
    """--allow-write opens nothing, or more than it names."""
    project.write(".vscode/tasks.json", "old\n")
    project.write(".idea/x", "old\n")
    project.shell("echo new > .vscode/tasks.json; echo new > .idea/x; true",
                  flags=["--allow-write", ".vscode"])
    assert project.read(".vscode/tasks.json") == "new\n"
    assert project.read(".idea/x") == "old\n"


def test_harmless_git_settings_are_kept(project):
    """A remote or a branch's upstream that the agent set is lost."""
    result = project.shell("git config remote.origin.url https://example.test/x.git && "
                           "git config branch.main.remote origin && git config branch.main.merge "
                           "refs/heads/main && git config remote.origin.url")
    assert result.ok().out == "https://example.test/x.git\n"
    assert git(project, "config", "remote.origin.url").out == "https://example.test/x.git\n"
    assert git(project, "config", "branch.main.remote").out == "origin\n"


@pytest.mark.parametrize("key,value", [
    ("core.hooksPath", "/tmp/hooks"), ("core.fsmonitor", "touch /tmp/x"),
    ("core.sshCommand", "touch /tmp/x"), ("filter.evil.clean", "touch /tmp/x"),
    ("include.path", "/tmp/more"), ("alias.st", "!touch /tmp/x"), ("core.editor", "touch /tmp/x"),
    ("core.pager", "touch /tmp/x"), ("diff.external", "touch /tmp/x"),
    ("credential.helper", "!touch /tmp/x"), ("core.gitProxy", "touch /tmp/x"),
    ("includeIf.gitdir:/.path", "/tmp/more"), ("gpg.program", "touch"), ("core.askPass", "touch"),
    ("remote.origin.uploadpack", "touch"), ("remote.origin.receivepack", "touch"),
    ("remote.origin.vcs", "evil"), ("remote.origin.proxy", "http://evil.test"),
    ("remote.origin.url", "ext::sh -c touch% /tmp/x"), ("url.ext::sh.insteadOf", "https://"),
    ("branch.main.mergeOptions", "-X evil"), ("submodule.x.update", "!touch /tmp/x"),
    ("core.worktree", "/etc"), ("extensions.worktreeConfig", "true"), ("http.proxy", "http://e.test"),
    ("http.sslVerify", "false"), ("sequence.editor", "touch"), ("merge.evil.driver", "touch"),
])
def test_dangerous_git_settings_are_not_kept_and_are_reported(project, key, value):
    """A git setting that runs code on the host, or misleads it, comes back from the sandbox."""
    before = project.read(".git/config")
    result = project.shell(f"git config '{key}' '{value}'; true").ok()
    after = git(project, "config", "--local", "--list").out.lower()
    assert f"{key.lower()}=" not in after, after
    assert value not in project.read(".git/config") or value in before
    assert key.lower() in result.err.lower(), "the refusal is not reported: " + result.describe()


def test_a_setting_hidden_in_odd_syntax_is_not_kept(project):
    """A dangerous key comes back when it is written in an odd form."""
    odd = ('[CORE]\n\tFsMonitor = touch x\n[core] hooksPath=/tmp\n[remote "o"] url = https://ok.test\n'
           '[remote "a\\"]\\n[core"]\n\turl = x\n[branch "x"]\n\tremote = "a\\nb"\n'
           '[include]path=/tmp/x\n')
    project.write("odd", odd)
    project.shell("cat odd >> .git/config; true").ok()
    text = git(project, "config", "--local", "--list").out.lower()
    for word in ("fsmonitor", "hookspath", "include"):
        assert word not in text, text


def test_a_config_that_is_a_link_leads_nowhere(project):
    """The merge at the end follows a link that the agent put in place of .git/config."""
    victim = project.write(os.path.join(project.root, "victim"), "untouched\n")
    project.shell(f"rm -f .git/config; ln -sf {victim} .git/config; "
                  "printf '[remote \"x\"]\\n\\turl = https://x.test\\n' > .git/config; true")
    assert project.read(victim) == "untouched\n"
    assert not os.path.islink(os.path.join(project.workspace, ".git", "config"))


def test_worktree_settings_are_not_a_way_round(project):
    """config.worktree carries a setting out of the sandbox."""
    git(project, "config", "extensions.worktreeConfig", "true")
    project.shell("git config --worktree core.fsmonitor 'touch x'; "
                  "printf '[core]\\n\\tfsmonitor = touch x\\n' > .git/config.worktree; true")
    result = project.run("git", "config", "core.fsmonitor", env=_GIT)
    assert result.rc != 0 and result.out == ""


def test_a_new_repository_in_a_plain_folder_carries_no_hooks_out(any_world):
    """In a folder that was no repository the agent makes one whose hooks the host would run."""
    any_world.shell("git init -q . ; mkdir -p .git/hooks; printf '#!/bin/sh\\necho EVIL' > "
                    ".git/hooks/post-checkout; chmod +x .git/hooks/post-checkout; "
                    "git config core.fsmonitor 'touch evil'; true")
    hook = os.path.join(any_world.workspace, ".git", "hooks", "post-checkout")
    assert not os.path.exists(hook)
    config = os.path.join(any_world.workspace, ".git", "config")
    assert not os.path.exists(config) or "fsmonitor" not in any_world.read(config)


def test_commit_branch_merge_and_worktree_work_inside(project):
    """A usual git command fails in the sandbox, or its result is not on the host."""
    script = ("set -e; echo two >> file; git commit -qam second; git checkout -qb topic; echo x > y; "
              "git add y; git commit -qm third; git checkout -q main; git merge -q --no-ff -m m topic; "
              "git tag v1; git worktree add -q ../wt topic 2>/dev/null || git worktree add -q wt2 topic; "
              "git stash list; git status --short; git rebase -q HEAD; git gc -q; git log --oneline | wc -l")
    result = project.shell(script, flags=_IDENTITY)
    assert result.ok().out.split()[-1] == "4", result.describe()
    assert git(project, "rev-parse", "v1").out == git(project, "rev-parse", "HEAD").out
    assert git(project, "fsck").rc == 0


def test_hooks_of_the_project_run_inside(project):
    """A hook that the host has is not run in the sandbox."""
    project.write(".git/hooks/pre-commit", "#!/bin/sh\necho hook ran >&2\n", 0o755)
    result = project.shell("echo z >> file; git commit -qam hooked", flags=_IDENTITY).ok()
    assert "hook ran" in result.err


def test_submodules_work_inside(project):
    """A submodule cannot be updated and committed to in the sandbox."""
    other = project._folder("other")
    git(project, "init", "-q", "-b", "main", cwd=other)
    project.write(os.path.join(other, "inner"), "1\n")
    git(project, "add", ".", cwd=other)
    git(project, "commit", "-qm", "inner", cwd=other)
    project.run("git", "-c", "protocol.file.allow=always", "submodule", "add", "-q", other, "sub",
                env=_GIT).ok()
    git(project, "commit", "-qm", "add sub")
    script = ("set -e; cd sub; echo 2 >> inner; git commit -qam inside; cd ..; git add sub; "
              "git commit -qm bump; git submodule status")
    assert "sub" in project.shell(script, flags=_IDENTITY).ok().out
    assert git(project, "status", "--short").out == ""


def test_a_submodule_can_be_added_and_updated_inside_and_leaves_no_hook(project):
    """`git submodule add` or `update --init` fails inside, or what it added brings a hook or setting out."""
    # A clone from a path does not go through the data plane: only git's own work is looked at here.
    other = project._folder("other")
    git(project, "init", "-q", "-b", "main", cwd=other)
    project.write(os.path.join(other, "inner"), "1\n")
    git(project, "add", ".", cwd=other)
    git(project, "commit", "-qm", "inner", cwd=other)
    script = ("set -e; git -c protocol.file.allow=always submodule add -q /home/other sub; "
              "git commit -qm 'add sub'; git submodule deinit -q -f sub; "
              "git -c protocol.file.allow=always submodule update -q --init; cat sub/inner; "
              "mkdir -p .git/modules/sub/hooks; echo EVIL > .git/modules/sub/hooks/post-checkout; "
              "chmod +x .git/modules/sub/hooks/post-checkout; git -C sub config core.fsmonitor 'touch evil'")
    result = project.shell(script, flags=["--mount", f"{other}:/home/other:ro", *_IDENTITY,
                                          "--env", "GIT_CONFIG_COUNT=1", "--env",
                                          "GIT_CONFIG_KEY_0=safe.directory", "--env", "GIT_CONFIG_VALUE_0=*"])
    assert result.ok().out == "1\n", result.describe()
    inside = os.path.join(project.workspace, ".git", "modules", "sub")
    assert os.path.exists(os.path.join(inside, "HEAD"))
    assert not os.path.exists(os.path.join(inside, "hooks"))
    assert "fsmonitor" not in project.read(os.path.join(inside, "config"))
    assert "core.fsmonitor" in result.err, result.describe()
    assert git(project, "submodule", "status").out.split()[1] == "sub"
    assert git(project, "status", "--short").out == ""


def test_launch_from_a_subfolder_of_a_project_protects_the_project(project):
    """A launch in a subfolder opens the project's hooks or settings."""
    project.write("sub/file", "x")
    project.write(".vscode/tasks.json", "GOOD\n")
    sub = os.path.join(project.workspace, "sub")
    project.run(*project.launch_line(["sh", "-c", "echo EVIL > ../.vscode/tasks.json; echo EVIL > "
                                      "../.git/hooks/pre-commit; mkdir .vscode; echo EVIL > "
                                      ".vscode/tasks.json; true"]), cwd=sub)
    assert project.read(".vscode/tasks.json") == "GOOD\n"
    assert not os.path.exists(os.path.join(project.workspace, ".git", "hooks", "pre-commit"))


def test_two_sessions_in_one_workspace_lose_nothing(project):
    """Two sessions in one project overwrite each other's git settings."""
    children = [project.launch_start("sh", "-c", "echo up; read line; git config "
                                     f"remote.r{n}.url https://r{n}.test && echo set; read line",
                                     stdin=subprocess.PIPE) for n in (1, 2)]
    for child in children:
        assert child.stdout.readline() == b"up\n"
    # In turn, since git gives up at once where another git holds the lock.
    for child in children:
        child.stdin.write(b"go\n")
        child.stdin.flush()
        assert child.stdout.readline() == b"set\n"
    for child in children:
        child.stdin.close()
        child.wait(30)
    text = git(project, "config", "--local", "--list").out
    assert "remote.r1.url" in text and "remote.r2.url" in text, text


def test_the_workspace_is_clean_after_a_launch(project):
    """A launch leaves empty files or folders in the project."""
    project.launch("true").ok()
    assert sorted(os.listdir(project.workspace)) == [".git", "file"]
    assert git(project, "status", "--short", "--ignored").out == ""


@pytest.mark.parametrize("path,replace", [
    (".git/config", "git config remote.host.url https://host.test"),
    ("aileron.yaml", "rmdir aileron.yaml && echo GOOD > new && mv new aileron.yaml"),
    (".vscode", "rmdir .vscode"),
])
def test_what_the_host_replaces_is_protected_again(project, path, replace):
    """The host replaces a protected name, and from then on the agent can write it."""
    told = os.path.join(project.root, "told")
    child = project.launch_start(
        "sh", "-c", f"echo up; read line; {plant(path)}; echo EVIL >> {path} 2>/dev/null; "
        f"mkdir {path} 2>/dev/null; echo EVIL > {path}/x 2>/dev/null; echo tried; read line",
        stdin=subprocess.PIPE, stderr=open(told, "wb"))
    assert child.stdout.readline() == b"up\n"
    project.run("sh", "-c", replace, env=_GIT, cwd=project.workspace).ok()
    process.eventually(lambda: f"{path} was replaced on the host" in open(told).read(),
                       "nobody is told of it")
    child.stdin.write(b"go\n")
    child.stdin.flush()
    assert child.stdout.readline() == b"tried\n"
    full = os.path.join(project.workspace, path)
    found = subprocess.run(["grep", "-r", "EVIL", full], capture_output=True, check=False).stdout
    child.stdin.close()
    child.wait(30)
    assert found == b"", found
    if path == ".git/config":
        assert git(project, "config", "remote.host.url").out == "https://host.test\n"


def test_a_session_ends_when_its_protection_cannot_be_put_up_again(project):
    """The host removes the whole repository, and the agent goes on without protection."""
    child = project.launch_start("sh", "-c", "echo up; sleep 1000", stderr=subprocess.PIPE)
    assert child.stdout.readline() == b"up\n"
    subprocess.run(["rm", "-rf", os.path.join(project.workspace, ".git")], check=False)
    assert child.wait(30) == 125
    assert b"The session was stopped" in child.stderr.read()
    child.stderr.close()


def test_names_are_given_back_when_the_launcher_is_killed(project):
    """A launcher that is killed leaves empty folders in the project."""
    child = project.launch_start("sh", "-c", "echo up; sleep 1000")
    assert child.stdout.readline() == b"up\n"
    assert os.path.isdir(os.path.join(project.workspace, ".envrc"))
    child.kill()
    child.wait(30)
    process.eventually(lambda: sorted(os.listdir(project.workspace)) == [".git", "file"],
                       "the project is not clean again")
    assert "commondir" not in os.listdir(os.path.join(project.workspace, ".git"))


def test_git_is_usable_on_the_host_while_a_session_runs(project):
    """What stands for reserved names disturbs git on the host."""
    child = project.launch_start("sh", "-c", "echo up; read line", stdin=subprocess.PIPE)
    assert child.stdout.readline() == b"up\n"
    assert git(project, "status", "--short", "--ignored").out == ""
    project.write("file", "host\n")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "from the host")
    git(project, "branch", "other")
    git(project, "fsck")
    child.stdin.close()
    assert child.wait(30) in (0, 1)
    assert git(project, "show", "--stat", "--format=%s").out.count("|") == 1


def test_a_new_repository_is_whole_on_the_host(any_world):
    """git init and a commit inside leave a repository that git on the host cannot use."""
    any_world.shell("git init -q -b main && echo x > x && git add x && git commit -qm one && "
                    "git remote add origin https://x.test/a.git", flags=_IDENTITY).ok()
    assert git(any_world, "log", "--format=%s").out == "one\n"
    assert git(any_world, "config", "remote.origin.url").out == "https://x.test/a.git\n"
    assert git(any_world, "status", "--short", "--ignored").out == ""
    assert git(any_world, "fsck").rc == 0


def test_a_worktree_cannot_lead_git_to_other_settings(project):
    """A worktree that the agent made names a folder of its own as the repository's."""
    project.shell("git worktree add -q wt -b side; mkdir -p evil; cp -r .git/. evil/ 2>/dev/null; "
                  "printf '[core]\\n\\tfsmonitor = touch x\\n' > evil/config; "
                  "echo $PWD/evil > .git/worktrees/wt/commondir; true", flags=_IDENTITY)
    result = project.run("git", "config", "core.fsmonitor", env=_GIT,
                         cwd=os.path.join(project.workspace, "wt"))
    assert result.rc != 0 and result.out == "", result.describe()


def test_a_folder_of_hooks_elsewhere_in_the_project_is_protected(project):
    """The agent changes hooks that core.hooksPath or a link leads to."""
    git(project, "config", "core.hooksPath", "tools/hooks")
    project.write("tools/hooks/pre-commit", "GOOD\n", 0o755)
    project.shell("echo EVIL > tools/hooks/pre-commit; rm -rf tools/hooks; true")
    assert project.read("tools/hooks/pre-commit") == "GOOD\n"


def test_a_protected_name_that_is_a_link_is_protected_with_its_target(project):
    """The agent changes what .envrc leads to, or replaces the link."""
    project.write("config/envrc", "GOOD\n")
    os.symlink("config/envrc", os.path.join(project.workspace, ".envrc"))
    project.shell("echo EVIL > config/envrc; rm -f .envrc; echo EVIL > .envrc; true")
    assert project.read("config/envrc") == "GOOD\n"
    assert os.readlink(os.path.join(project.workspace, ".envrc")) == "config/envrc"


@pytest.mark.parametrize("flags", [["--allow-write", "src"], ["--allow-write", "/etc"],
                                   ["--allow-write", "../x"],
                                   ["--read-only", "--allow-write", ".vscode"]])
def test_allow_write_of_what_is_not_protected_is_refused(project, flags):
    """A path that --allow-write cannot mean is taken in silence."""
    result = project.shell("true", flags=flags)
    assert result.rc == 125 and "--allow-write" in result.err, result.describe()


def test_allow_write_opens_part_of_a_protected_folder(project):
    """--allow-write of a folder inside a protected one opens nothing, or all of it."""
    project.write(".claude/skills/a", "old\n")
    project.write(".claude/settings.json", "old\n")
    project.shell("echo new > .claude/skills/a; echo new > .claude/settings.json; true",
                  flags=["--allow-write", ".claude/skills"])
    assert project.read(".claude/skills/a") == "new\n"
    assert project.read(".claude/settings.json") == "old\n"


def test_a_writable_mount_is_protected_too(project):
    """A project that --mount shows with write access can be planted in."""
    other = project._folder("other")
    git(project, "init", "-q", cwd=other)
    project.shell("echo EVIL > /mnt/other/.git/hooks/pre-commit; git -C /mnt/other config "
                  "core.fsmonitor x; true", flags=["--mount", f"{other}:/mnt/other"])
    assert not os.path.exists(os.path.join(other, ".git", "hooks", "pre-commit"))
    assert "fsmonitor" not in open(os.path.join(other, ".git", "config")).read()
