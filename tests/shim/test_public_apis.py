"""Three real APIs: every operation of the connectors that come along, called through its tool with hostile values."""

import json
import shlex

import pytest
import yaml

from lib import binary, control, public_apis
from lib.inside import Inside

TOKEN = "the-token-that-nobody-sees"
# A value in which something of every grammar on its way stands: shell, flags, JSON, URL, form, header, path, terminal.
HOSTILE = ("--title '\"`$(id)`;&a=b&c[d]=e%2F%00%0d%0a+ #?/../x\\ {owner} <b>\r\nX-Evil: 1\r\n\r\n\t"
           "ünï☃😀\u202e\u200b\u0301 \x1b[2Jend")
# What may stand in a path: no control characters, no segment of dots.
HOSTILE_PATH = "a b/c%2f..%2e?x=1&y#z;$(id)'\"\\ü☃+@:"

_OWNED = {"owner": HOSTILE_PATH, "repo": "..x/...%"}
_REPO = ("repos", HOSTILE_PATH, "..x/...%")
_TS = "1512085861.000543"

# Of each operation: its arguments, the path's segments, the query, and the payload as the site has to read them.
GITHUB = {
    "issues.list": (dict(_OWNED, state="all", labels=["bug & co", HOSTILE], assignee=HOSTILE, sort="updated",
                         since="2026-01-01T00:00:00+01:00", direction="asc", per_page=2, page=2),
                    (*_REPO, "issues"),
                    [("state", "all"), ("labels", f"bug & co,{HOSTILE}"), ("assignee", HOSTILE),
                     ("since", "2026-01-01T00:00:00+01:00"), ("sort", "updated"), ("direction", "asc"), ("per_page", "2"),
                     ("page", "2")], None),
    "issues.get": (dict(_OWNED, issue_number=1347), (*_REPO, "issues", "1347"), [], None),
    "issues.create": (dict(_OWNED, title=HOSTILE, body="", labels=[HOSTILE, ""], assignees=["octocat"], milestone=3),
                      (*_REPO, "issues"), [],
                      dict(title=HOSTILE, body="", labels=[HOSTILE, ""], assignees=["octocat"], milestone=3)),
    "issues.update": (dict(_OWNED, issue_number=1347, title=HOSTILE, body=HOSTILE, state="closed",
                           state_reason="completed", labels=["x"], assignees=[HOSTILE]), (*_REPO, "issues", "1347"), [],
                      dict(title=HOSTILE, body=HOSTILE, state="closed", state_reason="completed", labels=["x"],
                           assignees=[HOSTILE])),
    "comments.list": (dict(_OWNED, issue_number=1347, since="2026-01-01T00:00:00Z", per_page=1, page=1),
                      (*_REPO, "issues", "1347", "comments"),
                      [("since", "2026-01-01T00:00:00Z"), ("per_page", "1"), ("page", "1")], None),
    "comments.get": (dict(_OWNED, comment_id=42), (*_REPO, "issues", "comments", "42"), [], None),
    "comments.create": (dict(_OWNED, issue_number=1347, body=HOSTILE), (*_REPO, "issues", "1347", "comments"), [],
                        dict(body=HOSTILE)),
    "comments.delete": (dict(_OWNED, comment_id=42), (*_REPO, "issues", "comments", "42"), [], None),
}
_CHANNEL = public_apis.Slack.CHANNEL
_POST = dict(channel=_CHANNEL, text=HOSTILE, thread_ts=_TS, reply_broadcast=True, unfurl_links=False, unfurl_media=True,
             blocks=[{"type": "section", "text": {HOSTILE: [HOSTILE, 1.5, None, True]}}])
SLACK = {
    "channels.list": (dict(cursor=HOSTILE, exclude_archived=False, limit=5, types=["im", "mpim"]),
                      ("api", "conversations.list"),
                      [("cursor", HOSTILE), ("exclude_archived", "false"), ("limit", "5"), ("types", "im,mpim")], None),
    "channels.get": (dict(channel=_CHANNEL, include_num_members=True), ("api", "conversations.info"),
                     [("channel", _CHANNEL), ("include_num_members", "true")], None),
    "channels.history": (dict(channel=_CHANNEL, cursor=HOSTILE, oldest=_TS, latest=HOSTILE, inclusive=True, limit=9),
                         ("api", "conversations.history"),
                         [("channel", _CHANNEL), ("cursor", HOSTILE), ("oldest", _TS), ("latest", HOSTILE),
                          ("inclusive", "true"), ("limit", "9")], None),
    "messages.permalink": (dict(channel=_CHANNEL, message_ts=HOSTILE), ("api", "chat.getPermalink"),
                           [("channel", _CHANNEL), ("message_ts", HOSTILE)], None),
    "messages.post": (_POST, ("api", "chat.postMessage"), [], _POST),
    "messages.update": (dict(channel=_CHANNEL, ts=_TS, text=HOSTILE), ("api", "chat.update"), [],
                        dict(channel=_CHANNEL, ts=_TS, text=HOSTILE)),
    "messages.delete": (dict(channel=_CHANNEL, ts=HOSTILE), ("api", "chat.delete"), [],
                        dict(channel=_CHANNEL, ts=HOSTILE)),
}
_FORM = dict(name=HOSTILE, email="a+b&c@example.com", phone="+49 30", description="",
             address={"city": HOSTILE, "line2": "="}, metadata={"order id": HOSTILE, "x&y=z": "1"})
STRIPE = {
    "customers.list": (dict(email=HOSTILE, limit=3, starting_after=HOSTILE, ending_before="x", created_since=-5,
                            expand=["data.sources", HOSTILE]), ("v1", "customers"),
                       [("email", HOSTILE), ("limit", "3"), ("starting_after", HOSTILE), ("ending_before", "x"),
                        ("created[gte]", "-5"), ("expand[]", "data.sources"), ("expand[]", HOSTILE)], None),
    "customers.get": (dict(customer=HOSTILE_PATH, expand=["x"]), ("v1", "customers", HOSTILE_PATH), [("expand[]", "x")],
                      None),
    "customers.search": (dict(query=HOSTILE, limit=1, page=HOSTILE), ("v1", "customers", "search"),
                         [("query", HOSTILE), ("limit", "1"), ("page", HOSTILE)], None),
    "customers.create": (dict(_FORM, preferred_locales=["de", HOSTILE], payment_method=HOSTILE), ("v1", "customers"), [],
                         dict(_FORM, preferred_locales=["de", HOSTILE], payment_method=HOSTILE)),
    "customers.update": (dict(_FORM, customer=HOSTILE_PATH), ("v1", "customers", HOSTILE_PATH), [], _FORM),
    "customers.delete": (dict(customer=HOSTILE_PATH), ("v1", "customers", HOSTILE_PATH), [], None),
}
APIS = {"github-issues": (public_apis.GitHub, GITHUB), "slack-chat": (public_apis.Slack, SLACK),
        "stripe-customers": (public_apis.Stripe, STRIPE)}


def _spec(tool: str) -> str:
    return str(binary.REPOSITORY / "connectors" / f"{tool}.yaml")


def _credential(tool: str) -> str:
    return f"token/{tool.partition('-')[0]}"


def _binding(tool: str) -> dict:
    return {"name": tool, "host": APIS[tool][0].host, "scheme": "bearer", "credential": _credential(tool)}


def _install(world, tool: str) -> public_apis.PublicApi:
    """The stand-in, its credential, and the connector."""
    api = APIS[tool][0](world, TOKEN)
    world.secret(_credential(tool), TOKEN)
    world.bind(_binding(tool))
    world.aileron("connector", "add", _spec(tool), "--yes").ok()
    return api


@pytest.fixture
def world(ordinary):
    """A world with an open vault."""
    return ordinary.unlock()


def _flags(arguments: dict) -> str:
    """Arguments as a shell writes them."""
    words = []
    for name, value in arguments.items():
        flag = "--" + name.replace("_", "-")
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, bool):
                words.append(flag if one else "--no-" + flag[2:])
            else:
                words += [flag, json.dumps(one) if isinstance(one, dict) else str(one)]
    return shlex.join(words)


def _asks(tool: str) -> dict:
    """The operations that a person is asked about, and whether they see a preview."""
    with open(_spec(tool), encoding="utf-8") as file:
        return {one["name"]: "preview" in one["approval"] for one in yaml.safe_load(file)["operations"] if "approval" in one}


def _say_yes(world, inside, call, previewed: bool = False) -> tuple:
    """A call that waits for a person, who looks at it and says yes; what came of it, and what was shown."""
    assert call.rc == 75, call.describe()
    waiting = call.out.strip()
    shown = control.previewed(world, waiting) if previewed else control.approval(world, waiting)
    control.approve(world, waiting)
    return inside.run(f"aileron wait {waiting}"), shown


@pytest.mark.parametrize("tool", APIS)
def test_every_operation_of_a_spec_is_tried(tool):
    """An operation of a connector that comes along is called by no test."""
    with open(_spec(tool), encoding="utf-8") as file:
        assert [one["name"] for one in yaml.safe_load(file)["operations"]] == list(APIS[tool][1])


@pytest.mark.parametrize("way", ["flags", "json"])
@pytest.mark.parametrize("tool", APIS)
def test_a_hostile_value_arrives_as_it_is_in_its_place_alone(world, tool, way):
    """A value is changed on its way, leaves its place in path, query or payload, or a call misses its credential."""
    api = _install(world, tool)
    inside = Inside(world)
    for operation, (arguments, segments, query, payload) in APIS[tool][1].items():
        if way == "flags":
            call = inside.run(f"{tool} {operation} {_flags(arguments)} --no-wait")
        else:
            call = inside.run(f"{tool} {operation.replace('.', ' ')} --args - --no-wait", json.dumps(arguments))
        if operation in _asks(tool):
            call, shown = _say_yes(world, inside, call, _asks(tool)[operation])
            assert not set("\x1b\u202e\u200b\r\n\t") & set(shown["title"] + "".join(
                one["name"] + one["value"] for one in shown["fields"])), shown
        assert call.rc == 0 and call.err == "" and TOKEN not in call.out, f"{operation}: {call.describe()}"
        assert api.faults == [], operation
        made = api.calls[-1]  # a preview was another call, before it
        assert (made.segments, made.query, made.payload) == (segments, query, payload), operation
    inside.end()
    assert TOKEN not in json.dumps(world.audit())


def test_a_path_cannot_be_climbed(world):
    """A value in a path leads to another place of the site."""
    api = _install(world, "stripe-customers")
    inside = Inside(world)
    for value in ("..", ".", "", "a/../b", "a\nb", "\x00", "../x", "x/."):
        call = inside.run("stripe-customers customers.get --args -", json.dumps({"customer": value}))
        assert call.rc not in (0, 75) and call.out == "" and "customer" in call.err, call.describe()
    assert api.site.seen() == []
    inside.end()


def test_pages_are_turned(world):
    """A page of a listing is another one, or rows are lost between pages."""
    api = _install(world, "github-issues")
    inside = Inside(world)
    pages = [json.loads(inside.run(f"github-issues issues list --owner o --repo r --per-page 2 --page {page}").ok().out)
             for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [2, 2, 1, 0] and sum(pages, []) == api.issues
    inside.end()


def test_an_error_of_each_api_is_told_in_its_own_words(world):
    """An agent does not learn what the site said was wrong."""
    apis = [_install(world, tool) for tool in APIS]
    world.bind(*map(_binding, APIS))
    for tool in APIS:
        world.secret(_credential(tool), "one that was revoked")
    inside = Inside(world)
    github = inside.run("github-issues issues get --owner o --repo r --issue-number 1")
    assert github.rc == 1 and json.loads(github.out)["message"] == "Bad credentials" and "401" in github.err
    stripe = inside.run("stripe-customers customers get --customer x")
    assert stripe.rc == 1 and "Invalid API Key" in json.loads(stripe.out)["error"]["message"] and "401" in stripe.err
    # Slack tells errors with 200: the body is what tells.
    slack = inside.run("slack-chat channels get --channel C1")
    assert json.loads(slack.out) == {"ok": False, "error": "invalid_auth"}
    assert [api.calls for api in apis] == [[], [], []]
    inside.end()


def test_a_call_carries_one_idempotency_key_and_another_call_another(world):
    """Two calls share a key, so that the site takes the second one for the first, or the agent chooses the key."""
    api = _install(world, "stripe-customers")
    inside = Inside(world)
    for _ in range(2):
        _say_yes(world, inside, inside.run("stripe-customers customers create --name Jenny --no-wait"))[0].ok()
    refused = inside.run("stripe-customers customers create --idempotency-key mine")
    assert refused.rc == 64, refused.describe()
    keys = [call.headers["Idempotency-Key"] for call in api.calls]
    assert len(set(keys)) == 2 and api.faults == []
    inside.end()


def test_what_is_redacted_is_nowhere_but_on_the_wire(world):
    """A value that a spec redacts is shown to a person, recorded, or told by an event; or it does not arrive."""
    api = _install(world, "stripe-customers")
    inside = Inside(world)
    call = inside.run("stripe-customers customers create --name Jenny --payment-method pm-to-be-redacted --no-wait")
    waiting = call.out.strip()
    done, shown = _say_yes(world, inside, call)
    assert done.rc == 0 and api.calls[-1].payload["payment_method"] == "pm-to-be-redacted", "the canary: it was sent"
    assert "Jenny" in json.dumps(shown), "the canary: what is not redacted is shown"
    inside.run("stripe-customers customers list --email jenny-to-be-redacted@example.com").ok()
    with control.Stream(world, "/approvals/stream?after_seq=0") as stream:
        events = [next(stream)[2] for _ in range(3)]
    told = [shown, events, world.audit(), call.err, world.aileron("approvals", "show", waiting).ok().out,
            world.aileron("approvals", "list", "--all").ok().out]
    for text in told:
        assert "to-be-redacted" not in json.dumps(text), text
    assert world.audit(host=api.host), "the canary: the calls are recorded"
    inside.end()


def test_what_was_shown_is_what_ran(world):
    """The site gets another payload than the person saw, or an edit of the person's is lost."""
    api = _install(world, "slack-chat")
    inside = Inside(world)
    call = inside.run(f"slack-chat messages post --channel {_CHANNEL} --text 'as the agent had it' --no-wait")
    waiting = call.out.strip()
    fields = {one["name"]: one["value"] for one in control.approval(world, waiting)["fields"]}
    assert fields["text"] == "as the agent had it" and fields["channel"] == _CHANNEL
    assert control.approve(world, waiting, arguments={"text": HOSTILE})["edited"] == ["text"]
    assert json.loads(inside.run(f"aileron wait {waiting}").ok().out)["text"] == HOSTILE
    made, = [call.payload for call in api.calls if call.method == "POST"]
    assert made == {"channel": _CHANNEL, "text": HOSTILE} and api.faults == []
    inside.end()


def test_a_site_is_told_once_what_is_wanted_and_who_asks(world):
    """GitHub refuses a request without User-Agent; a header that the spec sets comes beside one of our own."""
    api = _install(world, "github-issues")
    inside = Inside(world)
    inside.run("github-issues issues get --owner o --repo r --issue-number 1").ok()
    seen, = api.site.seen()
    assert seen.header("Accept") == ["application/vnd.github+json"]
    assert len(seen.header("User-Agent")) == 1, "the real one answers 403"
    inside.end()


def test_a_value_that_cannot_stand_in_its_place_is_a_mistake_of_the_caller(world):
    """A wrong value ends with another code than a wrong flag."""
    _install(world, "stripe-customers")
    inside = Inside(world)
    assert inside.run("stripe-customers customers list --limit x").rc == 64, "the canary: so it is with a wrong number"
    for value in ("..", "''", "a/../b"):
        assert inside.run(f"stripe-customers customers get --customer {value}").rc == 64, value
    inside.end()
