"""git and clients of registries ask for a password inside the sandbox, and get a look-alike that the wire replaces."""

import json
import subprocess

import pytest

from lib.forge import Forge
from lib.registry import IMAGE, Registry, TokenServer

HOST = "forge.test"
REGISTRY = "registry.test"
AUTH = "auth.test"
SECRET = "glpat-realtoken-4f9d2c71"
_GIT = [item for name in ("AUTHOR", "COMMITTER") for item in
        ("--env", f"GIT_{name}_NAME=T", "--env", f"GIT_{name}_EMAIL=t@t.test")]
_GIT += ["--env", "GIT_CONFIG_GLOBAL=/dev/null", "--env", "GIT_TERMINAL_PROMPT=0"]
# Where a secret could lie in a sandbox.
_EVERYWHERE = ("set +e; env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null; "
               "grep -ra --exclude-dir=bin . ~ /tmp . /run/aileron /run/aileron-copies 2>/dev/null | head -c 4000000; true")


def _swapped(world, host: str, **fields) -> None:
    """Binds SECRET to `host` with a look-alike in the sandbox."""
    world.unlock()
    world.secret("token/forge", SECRET)
    binding = {"name": "forge", "host": host, "scheme": "basic", "credential": "token/forge", "username": "robot",
               "sentinel": "FORGE_TOKEN", **fields}
    world.bind({name: value for name, value in binding.items() if value is not None})


def _forge(world, password: str = SECRET) -> Forge:
    made = Forge(HOST, "robot", password)
    world.attach(made, (HOST,), 443)
    return made


def _filled(text: str) -> dict:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def test_git_clones_and_pushes_with_a_look_alike(any_world):
    """git asks a person for a user, fails, or the secret is somewhere in the sandbox."""
    forge = _forge(any_world)
    _swapped(any_world, HOST)
    script = (f"set -e; git clone -q https://{HOST}/project.git p; cd p; git checkout -qb main; echo one > file; "
              "git add file; git commit -qm first; git push -q origin main; git ls-remote origin; "
              f"printf 'protocol=https\\nhost={HOST}\\n\\n' | git credential fill; echo =$FORGE_TOKEN; cat .git/config; "
              + _EVERYWHERE)
    result = any_world.shell(script, flags=_GIT).ok()
    assert "refs/heads/main" in result.out, result.describe()
    assert " robot " in forge.log() and forge.git("cat-file", "-p", "main:file") == "one\n"
    told = _filled(result.out.split("=$", 1)[0])
    assert told["username"] == "robot" and told["password"] == told[""] and told["password"] != SECRET
    any_world.secret_free(result.stdout + result.stderr, SECRET)
    used = [one for one in any_world.audit(kind="request") if one.get("credential") == "token/forge"]
    assert used and all(one["host"] == HOST for one in used)


def test_a_project_is_not_changed_by_the_helper(any_world):
    """The helper is written into the project, or one that the project names itself is not asked."""
    any_world.run("git", "init", "-q", env={"GIT_CONFIG_GLOBAL": "/dev/null"}).ok()
    any_world.write("own.sh", "#!/bin/sh\necho asked >&2\n", 0o755)
    script = ("git config --local credential.helper \"$PWD/own.sh\"; "
              f"printf 'protocol=https\\nhost={HOST}\\n\\n' | git credential fill")
    _swapped(any_world, HOST)
    result = any_world.shell(script, flags=_GIT).ok()
    assert "asked" in result.err and "username=robot" in result.out, result.describe()
    kept = any_world.run("git", "config", "--local", "--list", env={"GIT_CONFIG_GLOBAL": "/dev/null"}).ok().out
    assert "aileron" not in kept, kept


def test_a_wrong_credential_is_a_refusal_and_no_prompt(any_world):
    """Where the credential is put in on the wire and refused, git wants a user from a person."""
    _forge(any_world, "another password")
    _swapped(any_world, HOST, sentinel=None)
    result = any_world.shell(f"git clone https://{HOST}/project.git p", flags=_GIT)
    assert result.rc == 128 and "Authentication failed" in result.err, result.describe()
    assert "could not read" not in result.err and SECRET not in result.err


def test_a_host_without_a_binding_is_left_to_git(any_world):
    """The helper answers for a host that nothing is bound to."""
    _forge(any_world)
    _swapped(any_world, "another.test")
    result = any_world.shell(f"git clone https://{HOST}/project.git p", flags=_GIT)
    assert result.rc == 128 and "could not read Username" in result.err, result.describe()


def test_the_protocol_of_git_is_spoken(any_world):
    """An operation or a line of git's protocol is answered wrongly, or something is kept."""
    _swapped(any_world, HOST)
    helper = "/run/aileron/bin/git-credential-aileron"
    new = "capability[]=authtype\\ncapability[]=state\\nprotocol=https\\nhost=%s\\nwwwauth[]=Basic realm=\"x\"\\n\\n"
    script = "; ".join([f"printf '{new % HOST}' | {helper} get", "echo first",
                        f"printf 'protocol=http\\nhost={HOST}\\n\\n' | {helper} get", "echo second",
                        f"printf 'protocol=https\\nhost=b.test\\n\\n' | {helper} get", "echo third",
                        *(f"printf 'protocol=https\\nhost=b.test\\nusername=u\\npassword=p\\n\\n' | {helper} {operation}; "
                          "echo $?" for operation in ("store", "erase", "a-future-one")),
                        f"printf 'protocol=https\\nhost=b.test\\n\\n' | {helper} get", "echo fourth",
                        f"printf 'nonsense\\n' | {helper} get; echo $?", "aileron credential git get </dev/null; echo $?"])
    result = any_world.shell(script).ok()
    first, rest = result.out.split("first\n", 1)
    assert first.splitlines()[0] == "username=robot" and first.splitlines()[1].startswith("password="), result.describe()
    assert rest.split() == ["second", "third", "0", "0", "0", "fourth", "64", "0"], result.describe()
    assert "git" in result.err and SECRET not in result.out + result.err


def test_outside_of_a_sandbox_there_is_no_helper(any_world):
    """On the host the helper answers, or does not say where it belongs."""
    result = any_world.aileron("credential", "git", "get", data=b"protocol=https\nhost=a.test\n\n")
    assert result.rc == 69 and "sandbox" in result.err and result.out == "", result.describe()
    result = any_world.aileron("credential", "docker", "get", data=b"registry.test")
    assert result.rc == 1 and "sandbox" in result.out, result.describe()


def test_the_protocol_of_docker_is_spoken(any_world):
    """A client of registries does not understand what it is told, or something is kept."""
    _swapped(any_world, REGISTRY)
    helper = "docker-credential-aileron"
    stored = json.dumps({"ServerURL": "b.test", "Username": "u", "Secret": "s"})
    script = "; ".join([f"echo {REGISTRY} | {helper} get", f"echo https://{REGISTRY}/v2/ | {helper} get", f"{helper} list",
                        f"echo b.test | {helper} get; echo $?", f"echo '{stored}' | {helper} store; echo $?",
                        f"echo b.test | {helper} get; echo $?", f"echo {REGISTRY} | {helper} erase; echo $?",
                        f"echo {REGISTRY} | {helper} get >/dev/null; echo $?", "cat ~/.docker/config.json", "echo",
                        "echo $FORGE_TOKEN"])
    result = any_world.shell(script).ok()
    lines = result.out.splitlines()
    for line, url in zip(lines, (REGISTRY, f"https://{REGISTRY}/v2/")):
        assert json.loads(line) == {"ServerURL": url, "Username": "robot", "Secret": lines[-1]}, result.describe()
    assert json.loads(lines[2]) == {REGISTRY: "robot"}
    unknown = "credentials not found in native keychain"
    assert lines[3:9] == [unknown, "1", "0", unknown, "1", "0"] and lines[9] == "0", lines
    assert json.loads("".join(lines[10:-2])) == {"credHelpers": {REGISTRY: "aileron"}}
    any_world.secret_free(result.stdout + result.stderr, SECRET)


def test_an_image_is_pulled_from_a_registry_that_asks_itself(any_world):
    """skopeo gets no password, or the one that it gets does not become the real one on the wire."""
    any_world.attach(Registry(REGISTRY, "robot", SECRET), (REGISTRY,), 443)
    _swapped(any_world, REGISTRY)
    script = (f"set -e; skopeo --insecure-policy copy -q docker://{REGISTRY}/{IMAGE}:1 dir:/tmp/image; "
              "test -s /tmp/image/manifest.json && echo pulled; " + _EVERYWHERE)
    result = any_world.shell(script).ok()
    assert "pulled" in result.out, result.describe()
    any_world.secret_free(result.stdout + result.stderr, SECRET)


@pytest.mark.parametrize("how", ["look-alike", "injected"])
def test_an_image_is_pulled_by_way_of_a_token_server(any_world, how):
    """A registry that sends its clients for a token is not pulled from, or the password is in the sandbox."""
    tokens = TokenServer(AUTH, "robot", SECRET)
    any_world.attach(tokens, (AUTH,), 443)
    any_world.attach(Registry(REGISTRY, "robot", SECRET, tokens), (REGISTRY,), 443)
    any_world.unlock()
    any_world.secret("token/forge", SECRET)
    fields = {"scheme": "basic", "credential": "token/forge", "username": "robot"}
    if how == "look-alike":
        any_world.bind(*({"name": name, "host": host, "sentinel": "FORGE_TOKEN", **fields}
                         for name, host in (("registry", REGISTRY), ("auth", AUTH))))
    else:
        any_world.bind({"name": "auth", "host": AUTH, **fields})
    script = (f"set -e; skopeo inspect docker://{REGISTRY}/{IMAGE}:1 --format '{{{{.Architecture}}}}'; " + _EVERYWHERE)
    result = any_world.shell(script).ok()
    assert result.out.startswith("amd64\n"), result.describe()
    any_world.secret_free(result.stdout + result.stderr, SECRET)


def test_a_clients_own_configuration_comes_first(any_world):
    """A file that a binding or the agent writes for docker is replaced by ours."""
    _swapped(any_world, REGISTRY, sentinel=None, sentinel_file="~/.docker/config.json",
             sentinel_template='{"auths":{"registry.test":{"identitytoken":"{sentinel}"}}}')
    result = any_world.shell("cat ~/.docker/config.json").ok()
    assert "identitytoken" in result.out and "credHelpers" not in result.out


def test_where_nothing_has_a_look_alike_no_file_is_made(any_world):
    """A launch leaves a configuration for docker in every sandbox."""
    any_world.unlock()
    any_world.shell("test ! -e ~/.docker").ok()


def test_look_alikes_are_told_to_the_sessions_own_token_alone(any_world):
    """Who has no token of the session is told what is bound, or a look-alike."""
    _swapped(any_world, HOST)
    tokens = ("$AILERON_TOKEN", "", "${AILERON_TOKEN}x", "$line")
    script = "read line; " + "; ".join(
        f"curl -sS -o /dev/null -w '%{{http_code}}\\n' -H \"Authorization: Bearer {token}\" "
        f"\"$AILERON_API_URL/look-alikes?host={HOST}\"" for token in tokens)
    other = any_world.launch_start("sh", "-c", "echo $AILERON_TOKEN; read line", stdin=subprocess.PIPE)
    token = other.stdout.readline()
    result = any_world.shell(script, data=token).ok()
    assert result.out.split() == ["200", "401", "401", "401"], result.describe()
    other.stdin.close()
    other.wait(30)
