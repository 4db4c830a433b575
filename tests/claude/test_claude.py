"""A real coding agent runs in the sandbox with a key that it never sees."""

import json
import os
import time

import pytest

from lib import asked, binary, commands, process, terminal
from lib.messages_api import MessagesApi

HOST = "api.anthropic.com"
KEY = "sk-ant-real-0f4a77d2b9c1"
_AGENT = (binary.REPOSITORY / "build" / "npm" / "node_modules" / "@anthropic-ai" /
          "claude-code-linux-x64" / "claude")
_FLAGS = ["--env", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "--env", "DISABLE_AUTOUPDATER=1",
          "--env", "IS_SANDBOX=1"]


@pytest.fixture
def agent(any_world):
    """A world with the stand-in of the Messages API, the key in the vault and the agent mounted."""
    assert _AGENT.is_file(), "the agent is missing: run ./dev setup"
    any_world.home_used = True
    any_world.api_site = any_world.site(HOST, allow=False)
    any_world.api = MessagesApi(any_world.api_site, "echo tool-$((6*7)) > made-by-tool; cat made-by-tool; "
                                "cat /proc/1/comm; test -e $HOME/.ssh || echo no-ssh")
    any_world.write(os.path.join(any_world.home, ".ssh", "id"), "x", 0o600)
    any_world.unlock()
    bindings = any_world.bindings()
    any_world.secret(next(one["credential"] for one in bindings if one["host"] == HOST), KEY)
    return any_world


def _run(world, *more, flags=()):
    return world.launch("/tmp/agent/claude", "-p", "Run the command, please.", "--allowedTools", "Bash",
                        *more, flags=["--mount", f"{binary.shared(_AGENT.parent)}:/tmp/agent:ro", *_FLAGS, *flags],
                        timeout=150)


def test_claude_code_works_with_an_injected_key(agent):
    """claude -p fails, its tool does not run in the sandbox, or it saw the real key."""
    result = _run(agent).ok()
    assert "The command said: tool-42" in result.out and "no-ssh" in result.out
    assert agent.read("made-by-tool") == "tool-42\n"
    calls = agent.api_site.seen("/v1/messages?beta=true")
    assert len(calls) >= 2
    assert all(one.header("x-api-key") == [KEY] for one in calls)
    agent.secret_free(result.stdout + result.stderr, KEY)
    for call in calls:
        assert KEY.encode() not in call.body
    records = [one for one in agent.audited(kind="request") if one["path"] == "/v1/messages"]
    assert records and all(one["credential"] and one["status"] == 200 for one in records)


def test_claude_code_when_captured(agent):
    """The agent without any proxy setting does not reach its API."""
    flags = []
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        flags += ["--env", f"{name}=", "--env", f"{name.lower()}="]
    result = _run(agent, flags=flags).ok()
    assert "The command said: tool-42" in result.out


def test_claude_code_streams_json(agent):
    """Streaming output does not arrive event by event."""
    result = _run(agent, "--output-format", "stream-json", "--verbose").ok()
    kinds = [line for line in result.out.splitlines() if line.startswith("{")]
    assert len(kinds) >= 4 and "tool-42" in result.out
    assert any("tool_use" in line for line in kinds) and any("tool_result" in line for line in kinds)


_POLICY = """version: 1
commands:
  - {command: git push, action: ask}
  - {command: rm -rf /, action: deny, reason: that is everything}
"""
_PUSHES = ["git push -q origin main", "env A=1 git -c color.ui=never push -q origin HEAD:second"]
# What the agent itself does not take for one, and so lets through.
_REMOVALS = ["find / -maxdepth 0 -exec rm -r -f {} +", "echo cm0gLXJmIC8K | base64 -d | sh",
             "python3 -c 'import os; os.execvp(\"nice\", [\"nice\", \"rm\", \"-fr\", \"--no-preserve-root\", \"/\"])'"]


def test_claude_code_meets_the_policys_verdicts(agent):
    """A tool call of the agent pushes without a yes, goes on after a no, or removes what is denied."""
    agent.write("aileron.yaml", _POLICY)
    for line in ("init -q --bare -b main remote.git", "init -q -b main .", "remote add origin remote.git",
                 "add aileron.yaml", "-c user.name=a -c user.email=a@b commit -qm first"):
        agent.run("git", *line.split()).ok()
    agent.api.commands = [*_PUSHES, *_REMOVALS, "cat aileron.yaml"]
    child = agent.launch_start(
        "/tmp/agent/claude", "-p", "Run the commands, please.", "--allowedTools", "Bash",
        flags=["--mount", f"{binary.shared(_AGENT.parent)}:/tmp/agent:ro", *_FLAGS, "--hold", "60s"])
    assert "git push -q origin main" in asked.approve(agent)["title"]
    process.eventually(lambda: len(agent.api.tool_results()) == 1, "the first call has ended")
    assert "HEAD:second" in asked.deny(agent)["title"]
    out, err = child.communicate(timeout=150)
    assert child.returncode == 0, out + err
    results = agent.api.tool_results()
    branches = agent.run("git", "--git-dir", "remote.git", "branch", "--format", "%(refname:short)").ok().out
    assert branches.split() == ["main"], results
    assert len(results) == 6 and "Exit code" not in results[0], results
    assert "Exit code 126" in results[1] and "it was denied" in results[1], results
    for result in results[2:5]:
        assert '"rm -' in result and "that is everything" in result, results
    assert results[5].strip() == _POLICY.strip()
    ruled = [(one["action"], one["rule"].split()[0]) for one in commands.records(agent) if one.get("rule")]
    assert ruled == [("allow", "approval"), ("deny", "approval"), *[("deny", "aileron.yaml:4")] * 3]


# What a first start asks a person is answered beforehand: the theme, the key, trust in the folder.
_SETTLED = """
cat > "$HOME/.claude.json" <<TEXT
{"hasCompletedOnboarding": true, "theme": "dark", "bypassPermissionsModeAccepted": true,
 "customApiKeyResponses": {"approved": ["$(printf %s "$ANTHROPIC_API_KEY" | tail -c 20)"], "rejected": []},
 "projects": {"$PWD": {"hasTrustDialogAccepted": true, "hasCompletedProjectOnboarding": true}}}
TEXT
exec /tmp/agent/claude --allowedTools Bash
"""


def test_claude_code_on_a_terminal(agent):
    """The interactive agent does not draw, take keys, work, or end; or it saw the real key."""
    line = agent.launch_line(["sh", "-c", _SETTLED],
                             ["--mount", f"{binary.shared(_AGENT.parent)}:/tmp/agent:ro", *_FLAGS])
    screen = terminal.open_in(agent, line, rows=40, columns=110)
    screen.expect("\u276f|> ", 60)
    screen.send("Run the command, please.")
    screen.expect("command")
    screen.send("\r")
    screen.expect("tool-42", 60)
    # One interrupts the answer if it still comes, two in a row end the agent.
    deadline = time.monotonic() + 30
    while screen.child.poll() is None and time.monotonic() < deadline:
        screen.send("\x03")
        screen.read(0.3)
    assert screen.wait() == 0
    assert agent.read("made-by-tool") == "tool-42\n"
    calls = agent.api_site.seen("/v1/messages?beta=true")
    assert calls and all(one.header("x-api-key") == [KEY] for one in calls)
    assert KEY not in screen.text


def test_claude_code_tells_that_the_vault_is_locked(agent):
    """With a locked vault the agent hangs, or talks without a key, or does not say why."""
    agent.aileron("vault", "lock").ok()
    result = _run(agent, flags=["--env", "CLAUDE_CODE_MAX_RETRIES=0"])
    assert result.rc != 0 and agent.api_site.seen("/v1/messages?beta=true") == []
    assert "vault" in result.out + result.err, result.describe()


def test_the_agents_version_is_the_pinned_one():
    """The installed agent is not the one that the lock file names."""

    with open(binary.REPOSITORY / "tests" / "npm" / "package.json", encoding="utf-8") as file:
        wanted = json.load(file)["dependencies"]["@anthropic-ai/claude-code"]
    assert wanted in process.run([str(_AGENT), "--version"], env={"HOME": "/tmp", "PATH": "/usr/bin:/bin"}
                                 ).ok().out
