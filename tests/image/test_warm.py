"""What a launch needs is there before."""

import json

from lib import builders, images


def test_what_a_file_names_is_pulled_or_built(world):
    """A launch has to wait for what warm said is there."""
    assert world.json("sandbox", "warm") == {"tier": "host", "reference": "", "was_there": True}
    layout = images.layout(world, "named", images.busybox(), Env=["PATH=/bin"])
    world.write(".devcontainer/devcontainer.json", json.dumps({"customizations": {"aileron": {"image": layout}}}))
    assert world.json("sandbox", "warm") == {"tier": "own image", "reference": layout, "was_there": False}
    assert world.json("sandbox", "warm")["was_there"]
    builder = builders.Builder(world)
    builder.base("dev.example/base:1", images.busybox())
    world.write(".devcontainer/Dockerfile", "FROM dev.example/base:1\nRUN echo hello >/said\n")
    world.write(".devcontainer/devcontainer.json", json.dumps({"build": {"dockerfile": "Dockerfile"}}))
    assert world.aileron("sandbox", "warm").rc == 77 and builder.runs() == []
    made = world.json("sandbox", "warm", "--yes")
    assert made["tier"] == "devcontainer" and not made["was_there"] and builder.runs()
    assert world.json("sandbox", "warm") == {**made, "was_there": True} and builder.runs() == []
    assert world.json("sandbox", "build")["reference"] == made["reference"]
    assert world.launch("cat", "/said", flags=["--image", made["reference"]]).ok().out == "hello\n"
    assert world.json("sandbox", "warm", "--image", layout)["reference"] == layout
