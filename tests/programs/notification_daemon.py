"""A notification daemon (org.freedesktop.Notifications 1.2) that writes down what it is to show.

    notification_daemon.py FILE     one JSON object a line; "ready" on standard output once it is there
"""

import json
import sys

import dbus
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

_NAME = "org.freedesktop.Notifications"


class Notifications(dbus.service.Object):
    """The object that notify-send speaks to."""

    @dbus.service.method(_NAME, in_signature="susssasa{sv}i", out_signature="u")
    def Notify(self, application, replaces, icon, summary, body, actions, hints, timeout):
        """Shows a notification."""
        with open(sys.argv[1], "a", encoding="utf-8") as file:
            file.write(json.dumps({"application": application, "summary": summary, "body": body}) + "\n")
        return 1

    @dbus.service.method(_NAME, out_signature="as")
    def GetCapabilities(self):
        """Bodies, with markup in them."""
        return ["body", "body-markup"]

    @dbus.service.method(_NAME, out_signature="ssss")
    def GetServerInformation(self):
        """Name, vendor, version, and version of the specification."""
        return ("recorder", "aileron", "1", "1.2")


def main() -> None:
    """Serves until it is ended."""
    DBusGMainLoop(set_as_default=True)
    bus = dbus.SessionBus()
    name = dbus.service.BusName(_NAME, bus)
    Notifications(bus, "/org/freedesktop/Notifications")
    print("ready", flush=True)
    GLib.MainLoop().run()
    del name


if __name__ == "__main__":
    main()
