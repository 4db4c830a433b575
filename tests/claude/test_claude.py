"""A real coding agent runs in the sandbox with a key that it never sees."""

import json
import os
import time

import pytest

from lib import binary, process, terminal
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
