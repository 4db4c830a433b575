"""Attackers on the person's terminal and on descriptors of the host."""

import os

import pytest

from lib import process, terminal

_INJECT = ("import fcntl,sys,termios\n"
           "try:\n"
           "  for byte in b'touch al-injected\\n': fcntl.ioctl(0, termios.TIOCSTI, bytes([byte]))\n"
           "  print('BREACH')\n"
           "except OSError as error: print('held', error.errno)\n")
# TIOCLINUX, by which a virtual console pastes its selection.
_PASTE = ("import fcntl\n"
          "try:\n  fcntl.ioctl(0, 0x541C, bytearray(b'\\x03')); print('BREACH')\n"
          "except OSError as error: print('held', error.errno)\n")


@pytest.mark.parametrize("mode", ["auto", "never", "always"])
def test_keys_cannot_be_pushed_into_the_persons_terminal(any_world, mode):
    """After the launch the person's shell runs what the agent typed by TIOCSTI."""
    line = " ".join("'" + part.replace("'", "'\\''") + "'" for part in any_world.launch_line(
        ["/usr/bin/python3", "-c", _INJECT], [f"--tty={mode}"]))
    screen = terminal.open_in(any_world, ["bash", "--norc", "-i"])
    screen.send("unset HISTFILE; PS1='pro''mpt> '\n")
    screen.expect("prompt> ")
    screen.send(line + "\n")
    screen.expect(r"[\r\n](held|BREACH)")
    screen.expect("prompt> ")
    screen.send("echo settled-$((1+1))\n")
    screen.expect("settled-2")
    screen.send("exit\n")
    screen.wait()
    assert not os.path.exists(os.path.join(any_world.workspace, "al-injected"))


def test_canary_root_outside_can_push_keys(world):
    """The attacker cannot see success: TIOCSTI fails even for root outside."""
    if os.geteuid() != 0:
        pytest.fail("the canary needs root")
    screen = terminal.open_in(world, ["bash", "--norc", "-i"])
    screen.send("unset HISTFILE; PS1='pro''mpt> '\n")
    screen.expect("prompt> ")
    world.write("inject.py", _INJECT)
    screen.send("/usr/bin/python3 inject.py\n")
    process.eventually(lambda: os.path.exists(os.path.join(world.workspace, "al-injected")),
                       "the injected command has run")
    screen.send("exit\n")
    screen.wait()


@pytest.mark.parametrize("mode", ["auto", "never"])
def test_the_call_itself_is_refused(any_world, mode):
    """TIOCSTI or TIOCLINUX is let in on a terminal."""
    for program in (_INJECT, _PASTE):
        screen = terminal.open_in(any_world, any_world.launch_line(
            ["/usr/bin/python3", "-c", program], [f"--tty={mode}"]))
        assert screen.expect(r"(held|BREACH)").group(1) == "held"
        screen.wait()


def test_the_persons_terminal_device_is_not_in_the_sandbox(any_world):
    """The agent opens the person's own terminal by its path or by /dev/tty."""
    screen = terminal.open_in(any_world, any_world.launch_line(
        ["sh", "-c", "tty; ls /dev/pts; readlink /proc/1/fd/* 2>/dev/null | grep pts; echo the-end"]))
    screen.expect(r"/dev/(pts/\d+|console)")
    text = screen.expect(r"(?s)(.*)the-end").group(1)
    assert len([word for word in text.split() if word.isdigit()]) <= 1, text
    screen.wait()


def test_no_descriptor_of_the_host_is_inherited(any_world):
    """The agent holds an open descriptor of the host besides its three."""
    secret = any_world.write(os.path.join(any_world.root, "secret"), "AL-FD-MARK")
    reader = os.open(secret, os.O_RDONLY)
    folder = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    try:
        result = any_world.shell("ls /proc/self/fd; for d in /proc/self/fd/*; do case $d in */0|*/1|*/2) ;; "
                                 "*) cat $d 2>/dev/null; ls $d/ 2>/dev/null;; esac; done; true",
                                 pass_fds=[reader, folder]).ok()
    finally:
        os.close(reader)
        os.close(folder)
    assert "AL-FD-MARK" not in result.out
    numbers = [int(word) for word in result.out.split() if word.isdigit()]
    assert set(numbers) <= {0, 1, 2, 3}, result.out


def test_canary_a_descriptor_is_seen_outside(world):
    """The attacker cannot see success: an inherited descriptor does not show even outside."""
    secret = world.write(os.path.join(world.root, "secret"), "AL-FD-MARK")
    reader = os.open(secret, os.O_RDONLY)
    try:
        result = world.run("bash", "-c", f"cat <&{reader}", pass_fds=[reader])
    finally:
        os.close(reader)
    assert result.out == "AL-FD-MARK"


def test_init_holds_no_descriptor_that_leads_out(any_world):
    """PID 1 keeps a descriptor of the host's file system, or of the daemon, that the agent can take."""
    program = ("import os\n"
               "found=[]\n"
               "for n in os.listdir('/proc/1/fd') if os.access('/proc/1/fd', os.R_OK) else []:\n"
               "  try: found.append(os.readlink('/proc/1/fd/'+n))\n"
               "  except OSError: pass\n"
               "  try: os.listdir('/proc/1/fd/'+n+'/'); found.append('BREACH')\n"
               "  except OSError: pass\n"
               "print(found)\n"
               "import ctypes; libc=ctypes.CDLL(None,use_errno=True)\n"
               "pidfd=os.pidfd_open(1)\n"
               "print('BREACH' if any(libc.syscall(438,pidfd,n,0)>=0 for n in range(3,64)) else 'held')\n")
    result = any_world.launch("/usr/bin/python3", "-c", program).ok()
    assert "BREACH" not in result.out and "control.sock" not in result.out, result.out


def test_escape_sequences_of_the_product_itself_are_harmless(world):
    """A host name from the sandbox puts control characters on the person's terminal."""
    world.launch("/usr/bin/python3", "-c",
                 "import os,socket,urllib.parse as u\nw=u.urlsplit(os.environ['HTTP_PROXY'])\n"
                 "c=socket.create_connection((w.hostname,w.port)); "
                 "c.sendall(b'GET http://denied.test/\\x1b]0;evil\\x07 HTTP/1.1\\r\\nHost: denied.test\\r\\n\\r\\n"
                 "'); c.recv(999)\n"
                 "c=socket.create_connection((w.hostname,w.port)); "
                 "c.sendall(b'GET http://denied.test/%1b%5b HTTP/1.1\\r\\nHost: denied.test\\r\\nUser-Agent: "
                 "\\x1b[2J\\r\\n\\r\\n'); c.recv(999)\n")
    screen = terminal.open_in(world, ["sh", "-c", "'" + "' '".join(
        [world.launch_line([])[0], "audit", "list"]) + "'; echo the-end"])
    text = screen.expect(r"(?s)(.*)the-end").group(1)
    screen.wait()
    assert "\x1b]" not in text and "\x07" not in text and "\x1b[2J" not in text
