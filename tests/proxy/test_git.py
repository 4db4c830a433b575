"""git clones and pushes over HTTPS, with a credential that it never sees."""

import base64

import pytest

from lib.forge import Forge

HOST = "forge.test"
TOKEN = "glpat-realtoken-4f9d2c71"
_FLAGS = [item for name in ("AUTHOR", "COMMITTER") for item in
          ("--env", f"GIT_{name}_NAME=T", "--env", f"GIT_{name}_EMAIL=t@t.test")]
_FLAGS += ["--env", "GIT_CONFIG_GLOBAL=/dev/null", "--env", "GIT_TERMINAL_PROMPT=0"]


@pytest.fixture
def forge(any_world):
    """A forge that launches of `any_world` may reach; its credential is bound."""
    made = Forge(HOST, "robot", TOKEN)
    any_world.attach(made, (HOST,), 443)
    any_world.unlock()
    any_world.secret("git/forge", TOKEN)
    any_world.bind({"name": "forge", "host": HOST, "scheme": "basic", "credential": "git/forge",
                    "username": "robot"})
    return made


@pytest.mark.slow
def test_clone_commit_and_push_50_mb(any_world, forge):
    """A clone or a push of 50 MB over HTTPS fails, or git saw the credential."""
    script = (f"set -e; git clone -q https://{HOST}/project.git p 2>&1; cd p; git checkout -qb main; "
              "head -c 52428800 /dev/urandom > blob; echo one > file; git add .; git commit -qm first; "
              f"git push -q -u origin main 2>&1; git config branch.main.remote; cd ..; "
              f"git clone -q https://{HOST}/project.git q; cmp p/blob q/blob && echo same; "
              "env; cat p/.git/config")
    result = any_world.shell(script, flags=_FLAGS, timeout=180).ok()
    assert "origin\nsame\n" in result.out, result.describe()
    assert forge.git("cat-file", "-s", "main:blob").strip() == "52428800"
    assert " robot " in forge.log()
    encoded = base64.b64encode(f"robot:{TOKEN}".encode()).decode()
    any_world.secret_free(result.stdout + result.stderr, TOKEN, encoded)
    used = [one for one in any_world.audit(kind="request")
            if one.get("credential") == "git/forge"]
    assert used and all(one["host"] == HOST for one in used)


def test_the_project_itself_is_pushed_and_stays_configured(any_world, forge):
    """`push -u` of the workspace's own repository fails, or its remote and upstream do not come back."""
    outside = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "T", "GIT_AUTHOR_EMAIL": "t@t",
               "GIT_COMMITTER_NAME": "T", "GIT_COMMITTER_EMAIL": "t@t"}
    any_world.run("git", "init", "-q", "-b", "main", env=outside).ok()
    any_world.write("file", "one\n")
    any_world.run("git", "add", "file", env=outside).ok()
    any_world.run("git", "commit", "-qm", "first", env=outside).ok()
    script = (f"set -e; git remote add origin https://{HOST}/project.git; echo two >> file; "
              "git commit -qam second; git push -q -u origin main; git checkout -qb topic; "
              "git commit -q --allow-empty -m third; git push -q -u origin topic; git status -sb | head -1")
    result = any_world.shell(script, flags=_FLAGS).ok()
    assert "topic...origin/topic" in result.out, result.describe()
    assert forge.git("rev-parse", "topic") == any_world.run("git", "rev-parse", "HEAD", env=outside).out
    kept = any_world.run("git", "config", "--local", "--list", env=outside).ok().out
    assert f"remote.origin.url=https://{HOST}/project.git" in kept
    assert "branch.topic.remote=origin" in kept and "branch.main.merge=refs/heads/main" in kept
    any_world.secret_free(kept, TOKEN)


def test_git_fetch_and_push_when_captured(any_world, forge):
    """git that is told to use no proxy does not work."""
    script = (f"set -e; git clone -q https://{HOST}/project.git p; cd p; git checkout -qb topic; "
              "echo x > f; git add f; git commit -qm c; git push -q origin topic; "
              "git fetch -q; git ls-remote origin")
    flags = [*_FLAGS, "--env", "HTTPS_PROXY=", "--env", "https_proxy=", "--env", "ALL_PROXY=",
             "--env", "all_proxy="]
    assert "refs/heads/topic" in any_world.shell(script, flags=flags).ok().out


def test_git_tells_why_a_host_is_refused(any_world):
    """git does not show the reason and the hint of a refusal."""
    result = any_world.shell("git clone https://denied.test/x.git", flags=[*_FLAGS, "--unattended"])
    assert result.rc == 128
    assert "denied.test" in result.err and "--allow" in result.err, result.describe()


def test_git_tells_that_the_vault_is_locked(any_world, forge):
    """git does not show that a bound credential cannot be used because the vault is locked."""
    any_world.aileron("vault", "lock").ok()
    result = any_world.shell(f"git clone https://{HOST}/project.git", flags=_FLAGS)
    assert result.rc == 128 and "vault unlock" in result.err, result.describe()
    assert forge.log() == ""
