#!/usr/bin/env python3
"""Everything that can go wrong has a dialog of its own, and the fields are kept."""
import os
import socket
import subprocess
import sys
import threading

import desk
import peers
from desk import step


class Answering:
    """A server that says something else than IRC to whoever comes."""

    def __init__(self, words):
        self.words = words
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.listener.accept()
            connection.recv(1000)
            connection.sendall(self.words)
            connection.close()


def expect(client, address, nick, heading, name, says=None):
    """Joining so fails with this dialog; it is closed again and nothing is lost."""
    client.join(address, nick)
    dialog = client.dialog(heading)
    if says:
        client.find("label", says, within=dialog)
    desk.picture(name)
    client.answer(dialog, "Close|Cancel")
    assert client.field("Address").text() == address
    assert client.field("Nickname").text() == nick
    assert client.process.poll() is None


def own_address():
    """An address of this machine that is not loopback, or None."""
    words = subprocess.run(["hostname", "-I"], capture_output=True, text=True).stdout.split()
    return next((word for word in words if "." in word), None)


def test():
    server = peers.Marud(os.path.join(os.environ["HOME"], "server"))
    good = f"127.0.0.1:{server.port}"
    someone = peers.Peer("someone", server.plain_port)
    client = desk.Client("mina")

    step("wrong fields")
    expect(client, good, "", "A Nickname Is Missing", "nick-empty")
    expect(client, good, "two words", "This Nickname Cannot Be Used", "nick-invalid")
    expect(client, "", "mina", "An Address Is Missing", "address-empty")
    expect(client, "here:there", "mina", "This Is Not an Address", "address-invalid")

    step("nicknames that the server refuses")
    expect(client, good, "someone", "This Nickname Is Taken", "nick-taken")
    expect(client, good, "\u200bghost", "This Nickname Cannot Be Used", "nick-refused")

    step("servers that are not there")
    expect(client, "no-such-host.invalid", "mina", "The Server Was Not Found", "host-unknown")
    expect(client, f"127.0.0.1:{desk.free_port()}", "mina", "No Room Is Open There", "refused")
    expect(client, "255.255.255.255", "mina", "The Server Cannot Be Reached", "unreachable")
    web = Answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    expect(client, f"127.0.0.1:{web.port}", "mina", "The Connection Cannot Be Encrypted", "not-tls")
    expect(client, f"irc://127.0.0.1:{web.port}", "mina", "That Is No Chat Server", "no-irc")
    banning = Answering(b":x 465 * :You are banned\r\n")
    expect(client, f"irc://127.0.0.1:{banning.port}", "mina", "You May Not Come In", "banned")
    password = Answering(b":x 464 * :Password incorrect\r\n")
    expect(client, f"irc://127.0.0.1:{password.port}", "mina", "The Server Wants a Password",
           "password")
    old = Answering(b"ERROR :Sorry, all connections in use: server full\r\n")
    expect(client, f"irc://127.0.0.1:{old.port}", "mina", "The Server Is Full", "full-other")

    step("a server that wants a password")
    secret = peers.Marud(os.path.join(os.environ["HOME"], "secret"), password="열려라 참깨")
    client.join(f"127.0.0.1:{secret.port}", "mina")
    dialog = client.dialog("The Server Wants a Password")
    desk.wait_for(lambda: any(seen.has_focus() for seen in desk.find_all(dialog)),
                  "the password can be typed")
    client.type("sesame")
    desk.picture("password-typed")
    client.answer(dialog, "Join")
    dialog = client.dialog("The Password Is Wrong")
    desk.picture("password-wrong")
    field = client.find(None, "^Password$", within=dialog)
    assert field.fill("열려라 참깨")
    client.answer(dialog, "Join")
    client.in_room()
    # It is kept for coming back, and told to nobody else.
    secret.kill()
    secret.start()
    desk.wait_for(lambda: "mina" in secret.ctl("clients"), "the client came back")
    client.leave()
    client.join(f"irc://127.0.0.1:{password.port}", "mina")
    dialog = client.dialog("The Server Wants a Password")
    client.answer(dialog, "Close|Cancel")

    step("a room that is closed")
    someone.send("JOIN #closed", "MODE #closed +i")
    someone.hear(" MODE #closed +i")
    visitor = desk.Client("visitor", settings="[join]\nroom=#closed\n")
    expect(visitor, good, "visitor", "The Room Is Closed to You", "room-refused", "#closed")
    visitor.quit()

    step("the window can be closed with a dialog open")
    visitor = desk.Client("visitor")
    visitor.join("", "visitor")
    visitor.dialog("An Address Is Missing")
    visitor.press("^Close$", within=visitor.find("frame", "Maru$"))
    desk.wait_for(lambda: visitor.process.poll() == 0, "the client ends well")

    step("a full server: nobody inside is disturbed, and trying again helps when there is room")
    server.ctl("set", "max-clients", "1")
    expect(client, good, "mina", "The Server Is Full", "full", "1 of 1")
    client.join(good, "mina")
    dialog = client.dialog("The Server Is Full")
    server.ctl("set", "max-clients", "10")
    client.answer(dialog, "Again")
    client.in_room()
    client.sees_members("mina", "someone")
    client.leave()
    someone.hear(" QUIT ")

    host = own_address()
    if host is None:
        step("this machine has no address but loopback: unknown certificates are not tried")
        return
    step("an unknown certificate of another computer shows its fingerprint")
    far = f"{host}:{server.port}"
    expect(client, far, "mina", "Do You Know This Server", "certificate-unknown",
           server.fingerprint())
    client.join(far, "mina")
    client.answer(client.dialog("Do You Know This Server"), "Join")
    client.in_room()
    client.leave()

    step("the next time it is known")
    client.press("Join$")
    client.in_room()
    client.leave()

    step("a changed certificate is refused until it is trusted")
    old_fingerprint = server.fingerprint()
    server.process.terminate()
    server.process.wait(20)
    server = peers.Marud(os.path.join(os.environ["HOME"], "other"), server.port)
    expect(client, far, "mina", "The Server Is Not the Same", "certificate-changed",
           server.fingerprint())
    client.join(far, "mina")
    dialog = client.dialog("The Server Is Not the Same")
    client.find("label", old_fingerprint, within=dialog)
    client.answer(dialog, "New One")
    client.in_room()
    client.quit()


if __name__ == "__main__":
    sys.exit(desk.run(test))
