"""The environment of the agent: empty but for what is documented or asked for."""

import json
import os

import pytest

# What a launch itself may set besides the contract's variables.
_PASSED = {"TERM", "LANG", "LANGUAGE", "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TZ", "COLORTERM",
           "PWD", "SHLVL", "_", "TMPDIR", "HOSTNAME", "OLDPWD", "NO_COLOR", "TERM_PROGRAM"}
_CA = {"SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
       "GIT_SSL_CAINFO", "PIP_CERT", "CARGO_HTTP_CAINFO", "AWS_CA_BUNDLE", "DENO_CERT"}
_PROXY = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}


def _environment(world, flags=(), **keywords) -> dict:
    result = world.launch("env", "-0", flags=flags, **keywords).ok()
    return dict(entry.split("=", 1) for entry in result.out.split("\0") if entry)


def test_nothing_of_the_callers_environment_is_passed_but_what_is_documented(world):
    """A variable of the caller that nobody named is in the sandbox."""
    secrets = {"AWS_SECRET_ACCESS_KEY": "s3cret", "GITHUB_TOKEN": "ghp_x", "ODD": "1",
               "LD_PRELOAD": "", "SSH_AUTH_SOCK": "/tmp/agent", "DOCKER_HOST": "unix:///x",
               "DBUS_SESSION_BUS_ADDRESS": "unix:path=/x"}
    found = _environment(world, env=secrets)
    extra = {name for name in found
             if name not in _PASSED and not name.startswith(("AILERON_", "LC_"))
             and name.upper() not in _PROXY and name not in _CA}
    assert extra - {"XDG_RUNTIME_DIR"} == set() or not (extra & set(secrets)), extra
    assert not set(secrets) & set(found)
    assert "AILERON_WORLD_MARK" not in found


def test_a_terminals_variables_are_passed(world):
    """TERM, LANG or PATH is not passed on."""
    found = _environment(world, env={"TERM": "vt220", "LANG": "C.UTF-8"})
    assert found["TERM"] == "vt220" and found["LANG"] == "C.UTF-8"
    assert "/usr/bin" in found["PATH"].split(":")


def test_the_contracts_variables_are_set(world):
    """A variable of the contract is missing, or points to nothing."""
    found = _environment(world)
    assert found["AILERON_SANDBOX"] == "native"
    assert found["AILERON_SESSION_ID"] and len(found["AILERON_SESSION_ID"]) == 26
    assert found["AILERON_API_URL"] == "https://aileron.internal/v1"
    assert found["AILERON_APPROVAL_URL"].startswith("https://aileron.internal/v1/")
    assert found["AILERON_TOKEN_FILE"] == "/run/aileron/token" and found["AILERON_TOKEN"]
    assert found["AILERON_SANDBOX_IMAGE"] == "host" and found["AILERON_SANDBOX_TIER"] == "host"
    assert found["NO_PROXY"] == found["no_proxy"]
    assert {"localhost", "127.0.0.1", "::1"} <= set(found["NO_PROXY"].split(","))
    for name in _CA:
        assert found[name].startswith("/run/aileron/"), name
    for name in _PROXY - {"NO_PROXY"}:
        assert found[name] == found[name.lower()] and "3128" in found[name], name
    paths = {found[name] for name in _CA} | {"/run/aileron/ca.pem", "/run/aileron/bin/aileron"}
    world.shell("for f in " + " ".join(sorted(paths)) + "; do test -s $f || exit 1; done").ok()


def test_the_contracts_files_are_there_and_read_only(any_world):
    """A file of /run/aileron is missing, says something else than the environment, or can be written."""
    # Of the host's Java, if it has one, copies of its stores are there as well.
    script = ("cd /run/aileron; ls -A | grep -v '^java-cacerts-[0-9]*$' | sort; ls -A bin; [ \"$(cat token)\" = \"$AILERON_TOKEN\" ] && echo same; "
              "cat session.json; for f in * bin/aileron; do echo x 2>/dev/null >> $f && echo BREACH; "
              "rm -f $f 2>/dev/null && echo BREACH; done; touch new 2>/dev/null && echo BREACH; echo $AILERON_SESSION_ID")
    lines = any_world.shell(script).ok().out.splitlines()
    assert lines[:7] == ["GUIDE.md", "bin", "ca-bundle.pem", "ca.pem", "session.json", "token", "tools.txt"], lines
    assert lines[7:10] == ["aileron", "docker-credential-aileron", "git-credential-aileron"], lines
    assert lines[10] == "same" and "BREACH" not in lines, lines
    session = json.loads(lines[11])
    assert session["id"] == lines[12] and session["driver"] == "native" and session["tier"] == "host"
    assert session["workspace"] == any_world.workspace
    assert session["api_url"] == "https://aileron.internal/v1"


def test_the_bundle_holds_the_hosts_roots_and_the_sessions(world):
    """ca-bundle.pem lacks the host's roots or the session's CA."""
    result = world.shell("grep -c BEGIN /run/aileron/ca-bundle.pem; grep -c BEGIN /run/aileron/ca.pem; "
                         "sed -n 2p /run/aileron/ca.pem | grep -qFf - /run/aileron/ca-bundle.pem && echo in").ok()
    bundle, own, inside = result.out.split()
    assert int(own) == 1 and int(bundle) > 50 and inside == "in"


def test_home_is_a_private_writable_folder(any_world):
    """HOME in the sandbox is missing, not writable, or the host's."""
    any_world.home_used = True
    any_world.write(os.path.join(any_world.home, ".ssh", "id"), "PRIVATE", 0o600)
    result = any_world.shell('test -d "$HOME" && test ! -e "$HOME/.ssh" && echo x > "$HOME/file" '
                             '&& cat "$HOME/file"').ok()
    assert result.out == "x\n"
    assert os.listdir(any_world.home) == [".ssh"]


def test_env_sets_a_variable(world):
    """--env NAME=VALUE is not set, or is changed."""
    value = "a b\"c'$d=ä\nline"
    assert _environment(world, ["--env", f"ODD={value}"])["ODD"] == value
    assert _environment(world, ["--env", "EMPTY="])["EMPTY"] == ""


def test_env_with_a_name_alone_passes_the_callers_value(world):
    """--env NAME does not pass the caller's value, or invents one."""
    found = _environment(world, ["--env", "GIVEN", "--env", "MISSING"], env={"GIVEN": "yes"})
    assert found["GIVEN"] == "yes" and "MISSING" not in found


def test_the_last_env_wins(world):
    """Of two values for one name the first is taken."""
    assert _environment(world, ["--env", "A=1", "--env", "A=2"])["A"] == "2"


def test_env_file_is_read_as_docker_reads_it(world):
    """A line of an --env-file is misread."""
    path = world.write("vars", "# comment\nPLAIN=value\nQUOTED=\"kept\"\n\nEQUALS=a=b\nFROM_CALLER\n")
    found = _environment(world, ["--env-file", path], env={"FROM_CALLER": "here"})
    assert found["PLAIN"] == "value" and found["EQUALS"] == "a=b"
    assert found["QUOTED"] == '"kept"' and found["FROM_CALLER"] == "here"


def test_env_beats_env_file(world):
    """A value of --env-file wins over --env."""
    path = world.write("vars", "A=file\n")
    assert _environment(world, ["--env", "A=flag", "--env-file", path])["A"] == "flag"


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE",
                                  "NODE_EXTRA_CA_CERTS", "AILERON_SESSION_ID"])
def test_the_callers_own_proxy_and_roots_are_not_passed(world, name):
    """The caller's proxy or certificate settings replace the sandbox's."""
    assert _environment(world, env={name: "http://elsewhere:1"})[name] != "http://elsewhere:1"
