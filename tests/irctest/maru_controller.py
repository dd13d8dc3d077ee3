"""Runs marud under irctest, the conformance suite (repository progval/irctest).

The suite is not part of Maru. In a checkout of it:
    PYTHONPATH=…/maru/tests/irctest MARUD=…/marud pytest --controller maru_controller \
        -m '(Ergo or not implementation-specific) and not deprecated'
"""
import collections
import functools
import os
import shutil
import subprocess

from irctest.basecontrollers import BaseServerController, DirectoryBasedController
from irctest.runner import NotImplementedByController

MARUD = os.environ.get('MARUD', 'marud')

CONFIG = """
server: {{
    name = "My.Little.Server";
    network = "IrcTest";
    description = "test server";
    admin = ["Bob Smith", "", "email@example.org"];
    password = "{password}";
    casemapping = "ascii";
    user_modes = "{user_modes}";
    roleplay = {roleplay};
}};
operators = ( {{ name = "operuser"; password = "{operator}"; }} );
accounts: {{
    nick_is_account = false;
    before_connect = {before_connect};
    email_required = {email_required};
    always_on = "{always_on}";
    password_length = 1;
    password_passes = 1;
    password_memory_kib = 8;
    scram_iterations = 4096;
    logins_burst = 3;
    logins_refill_ms = 20000;
    registrations_burst = 0;
}};
"""


@functools.lru_cache(maxsize=None)
def hashed(password):
    done = subprocess.run([MARUD, 'genpasswd'], input=password + '\n', capture_output=True,
                          text=True, check=True)
    return done.stdout.strip()


class MaruController(BaseServerController, DirectoryBasedController):
    software_name = 'Maru'
    extban_mute_char = 'm'
    supported_sasl_mechanisms = {'PLAIN', 'SCRAM-SHA-256', 'EXTERNAL'}
    supports_sts = False

    def create_config(self):
        super().create_config()
        with self.open_file('marud.conf'):
            pass

    def user_modes(self):
        """Those that everybody begins with: a test says it in Ergo's words."""
        config = collections.defaultdict(dict)
        if self.test_config.ergo_config is not None:
            self.test_config.ergo_config(config)
        return config['accounts'].get('default-user-modes', '').lstrip('+')

    def accounts(self):
        """What a test wants of accounts; some say it in Ergo's words."""
        wanted = self.test_config
        ergo = {'accounts': {'multiclient': {}}}
        if wanted.ergo_config is not None:
            try:
                wanted.ergo_config(ergo)
            except KeyError:
                pass  # It is about something else.
        return {
            'before_connect': str(wanted.account_registration_before_connect).lower(),
            'email_required': str(wanted.account_registration_requires_email).lower(),
            'always_on': ergo['accounts']['multiclient'].get('always-on', 'opt-in'),
        }

    def wait_for_services(self):
        """They are built in."""

    def registerUser(self, case, username, password=None):
        client = case.addClient(show_io=False)
        case.sendLine(client, 'NICK ' + username)
        case.sendLine(client, 'USER r e g :user')
        while case.getRegistrationMessage(client).command != '001':
            pass
        case.getMessages(client)
        case.sendLine(client, 'REGISTER * * ' + password)
        replies = case.getMessages(client)
        assert any(m.command == 'REGISTER' and m.params[0] == 'SUCCESS' for m in replies), replies
        case.sendLine(client, 'QUIT')
        case.assertDisconnected(client)

    def run(self, hostname, port, *, password, ssl, run_services, faketime, websocket_hostname,
            websocket_port):
        if websocket_hostname is not None or websocket_port is not None:
            raise NotImplementedByController('Websocket')
        assert self.proc is None
        self.port = port
        self.hostname = hostname
        self.create_config()
        with self.open_file('marud.conf') as config:
            config.write(CONFIG.format(password=hashed(password) if password else '',
                                       operator=hashed('operpassword'),
                                       user_modes=self.user_modes(),
                                       roleplay=str(self.test_config.ergo_roleplay).lower(),
                                       **self.accounts()))
        clock = []
        if faketime and shutil.which('faketime'):
            clock = ['faketime', '--exclude-monotonic', '-f', faketime]
            self.faketime_enabled = True
        self.proc = self.execute([
            *clock, MARUD, '--config', str(self.directory / 'marud.conf'), '--data',
            str(self.directory / 'data'), '--no-limits', '--listen',
            f'{"tls" if ssl else "plain"}={hostname}:{port}'])


def get_irctest_controller_class():
    return MaruController
