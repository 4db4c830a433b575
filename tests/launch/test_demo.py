"""The demo: the main job in front of a newcomer, without a network, on a terminal and in a pipe."""

import pytest

from lib import binary, terminal

_COLOUR = "\x1b["


def test_the_demo_shows_every_step(any_world):
    """The demo fails, leaves out a step, or is coloured in a pipe."""
    result = any_world.aileron("demo", timeout=120).ok()
    text = result.out.lower()
    for word in ("token", "refused", "captured", "audit"):
        assert word in text, result.describe()
    assert _COLOUR not in result.out + result.err


def test_the_demo_needs_no_network(worlds):
    """The demo needs more of a network than the machine's loopback."""
    world = worlds()
    alone = ["unshare", "--net", "sh", "-c", "ip link set lo up && ip -brief link show up && exec \"$@\"", "sh"]
    result = world.run(*alone, binary.path(), "demo", timeout=120).ok()
    devices, said = result.out.split("\n", 1)
    assert devices.split()[0] == "lo" and "UP" not in said and "audit" in said.lower(), result.out


def test_the_demo_is_coloured_on_a_terminal(world):
    """On a terminal the demo is not coloured."""
    screen = terminal.open_in(world, [binary.path(), "demo"])
    assert screen.wait(120) == 0
    assert _COLOUR in screen.text and "audit" in screen.text.lower()


@pytest.mark.parametrize("variable", ["NO_COLOR=1", "TERM=dumb"])
def test_the_demo_is_plain_where_colour_is_not_wanted(world, variable):
    """NO_COLOR or a dumb terminal is not honoured."""
    screen = terminal.open_in(world, ["env", variable, binary.path(), "demo"])
    assert screen.wait(120) == 0
    assert _COLOUR not in screen.text and "audit" in screen.text.lower()
