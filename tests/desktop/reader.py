"""What a screen reader sees and does: the nodes of AT-SPI, over D-Bus.

Many nodes are asked at once. A window that is read node by node costs a busy machine seconds, and
changes meanwhile. Whatever is asked of a node that went away raises GLib.Error; in a batch the
answer is None.
"""
import functools
import re

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402

ACCESSIBLE = "org.a11y.atspi.Accessible"
ACTION = "org.a11y.atspi.Action"
EDITABLE_TEXT = "org.a11y.atspi.EditableText"
PROPERTIES = "org.freedesktop.DBus.Properties"
TEXT = "org.a11y.atspi.Text"
LIMIT_MS = 60000
LONG_LISTS = [("list", name) for name in ("Messages", "Members", "메시지 목록", "참가자")]


@functools.cache
def bus():
    session = Gio.bus_get_sync(Gio.BusType.SESSION)
    address, = session.call_sync("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", None,
                                 None, Gio.DBusCallFlags.NONE, LIMIT_MS).unpack()
    return Gio.DBusConnection.new_for_address_sync(
        address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |
        Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)


def ask_all(questions):
    """The answers to (node, interface, member, arguments), None for an error."""
    answers = {}

    def answered(connection, result, i):
        try:
            answers[i] = connection.call_finish(result).unpack()[0]
        except GLib.Error:
            answers[i] = None

    context = GLib.MainContext()
    context.push_thread_default()
    for i, (node, interface, member, arguments) in enumerate(questions):
        bus().call(node.owner, node.path, interface, member, arguments, None,
                   Gio.DBusCallFlags.NONE, LIMIT_MS, None, answered, i)
    while len(answers) < len(questions):
        context.iteration(True)
    context.pop_thread_default()
    return [answers[i] for i in range(len(questions))]


def property_of(name, interface=ACCESSIBLE):
    return PROPERTIES, "Get", GLib.Variant("(ss)", (interface, name))


class Node:
    """A widget, by the name of its program on the bus and its path there."""

    def __init__(self, owner, path):
        self.owner = owner
        self.path = path

    def ask(self, interface, member, arguments=None):
        return bus().call_sync(self.owner, self.path, interface, member, arguments, None,
                               Gio.DBusCallFlags.NONE, LIMIT_MS).unpack()[0]

    def children(self):
        return [Node(*child) for child in self.ask(ACCESSIBLE, "GetChildren")]

    def name(self):
        return self.ask(*property_of("Name"))

    def has_child(self, child):
        return child.path in (node.path for node in self.children())

    def press(self):
        return self.ask(ACTION, "DoAction", GLib.Variant("(i)", (0,)))

    def text(self):
        length = self.ask(*property_of("CharacterCount", TEXT))
        return self.ask(TEXT, "GetText", GLib.Variant("(ii)", (0, length)))

    def fill(self, text):
        return self.ask(EDITABLE_TEXT, "SetTextContents", GLib.Variant("(s)", (text,)))


class Seen:
    """What one look showed of a node; children are those that are visible."""

    def __init__(self, node, parent=None, role=0, name="", states=(0, 0)):
        self.node = node
        self.parent = parent
        self.role = Atspi.role_get_name(Atspi.Role(role))
        self.name = name
        self.states = states
        self.children = []

    def has(self, state):
        return (self.states[state // 32] >> state % 32) & 1 == 1

    def has_focus(self):
        return self.has(Atspi.StateType.FOCUSED)

    def under(self):
        """All that is below, in the order of the tree."""
        for child in self.children:
            yield child
            yield from child.under()


def see_children(parents):
    """Looks at the children of all these at once, and returns them."""
    lists = ask_all([(parent.node, ACCESSIBLE, "GetChildren", None) for parent in parents])
    pairs = [(parent, Node(*child)) for parent, nodes in zip(parents, lists)
             for child in nodes or ()]
    answers = ask_all([(node, *question) for _, node in pairs for question in
                       ((ACCESSIBLE, "GetRole", None), property_of("Name"),
                        (ACCESSIBLE, "GetState", None))])
    seen = []
    for i, (parent, node) in enumerate(pairs):
        of_node = answers[3 * i:3 * i + 3]
        child = None if None in of_node else Seen(node, parent, *of_node)
        if child is not None and child.has(Atspi.StateType.VISIBLE):
            parent.children.append(child)
            seen.append(child)
    return seen


def look(node):
    """The tree of visible nodes below this one, level by level. The rows of the room's lists are left
    out: they are many."""
    root = Seen(node)
    level = [root]
    while level:
        level = [seen for seen in see_children(level) if (seen.role, seen.name) not in LONG_LISTS]
    return root


def find_all(node, role=None, name=None):
    """Visible nodes below `node`: role as AT-SPI names it ('push button'), name as a regular expression."""
    return [seen for seen in look(node).under()
            if (role is None or seen.role == role) and
            (name is None or re.search(name, seen.name))]


def child_names(node):
    """The names of a node's children at one moment, or nearly; those that are gone are left out."""
    names = ask_all([(child, *property_of("Name")) for child in node.children()])
    return [name for name in names if name is not None]


def focused_child_name(node):
    return next((seen.name for seen in see_children([Seen(node)])
                 if seen.has_focus()), None)


def application_of(pid):
    """The program with this process id, or None."""
    registry = Node("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")
    for node in registry.children():
        owner = bus().call_sync(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
            "GetConnectionUnixProcessID", GLib.Variant("(s)", (node.owner,)), None,
            Gio.DBusCallFlags.NONE, LIMIT_MS).unpack()[0]
        if owner == pid:
            return node
    return None


def tree(node):
    """For writing tests: everything that AT-SPI sees."""
    def show(seen, depth):
        print("  " * depth + f"[{seen.role}] {seen.name!r}")
        for child in seen.children:
            show(child, depth + 1)
    show(look(node), 0)
