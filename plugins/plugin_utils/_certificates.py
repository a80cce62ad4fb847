# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the site's certificates are good, seen as the other side will see them: by a handshake of TLS in memory."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from ansible.errors import AnsibleError

from ..module_utils._inventory import COMPUTE, GATEWAY, SERVER, TIERS, Host, Inventory  # noqa: TID252

ROUNDS = 10  # of messages; TLS 1.3 needs two
Reader = Callable[[str], str]  # a path -> the path where its content stands, decrypted where it was Ansible Vault's
CERTIFICATE, KEY, AUTHORITY = "aen_tls_certificate", "aen_tls_key", "aen_tls_ca"


def problems(inventory: Inventory, reader: Reader) -> Iterator[str]:
    """Yield a sentence for each file of `aen_tls: files` that is not there, is something else, or would be refused.

    Trusted is what the hosts trust: `aen_tls_ca`, and but for compute nodes the authorities of this controller, which
    stand for the hosts' own. Without `aen_tls_ca` any authority is taken: which ones a host knows is not known here.
    """
    for host in inventory.of(*TIERS):
        if host.tls == "files" and not host.lacks(CERTIFICATE) and not host.lacks(KEY):
            yield from _of(host, inventory, reader)


def _of(host: Host, inventory: Inventory, reader: Reader) -> Iterator[str]:
    named = {variable: host.text(variable) for variable in (AUTHORITY, CERTIFICATE, KEY) if not host.lacks(variable)}
    if not all(path.startswith(("/", "~")) for path in named.values()):
        return  # Ansible finds it beside the playbook
    paths = {}
    for variable, path in named.items():
        try:
            paths[variable] = reader(path)
            if variable != KEY:
                _trusting(paths[variable])
        except AnsibleError as error:
            yield f"Put the file there, or correct {variable} of {host.name}: {path} cannot be read ({_line(error)})."
            return
        except ssl.SSLError:
            yield f"Put a certificate in PEM there, or correct {variable} of {host.name}: {path} has none."
            return
    if said := _key_problem(host, paths):
        yield said
    else:
        yield from _refusals(host, inventory, paths)


def _key_problem(host: Host, paths: dict[str, str]) -> str:
    """Return what to do about a key that is not the certificate's, "" where it is."""
    try:
        _showing(paths[CERTIFICATE], paths[KEY])
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            return (
                f"Give {host.name} the key of its certificate: {host.text(KEY)} ({KEY}) is of another than "
                f"{host.text(CERTIFICATE)} ({CERTIFICATE})."
            )
        return (
            f"Give {host.name} a key in PEM without a passphrase: {host.text(KEY)} ({KEY}) cannot be used with "
            f"{host.text(CERTIFICATE)} ({error.reason or 'it cannot be read'})."
        )
    return ""


def _refusals(host: Host, inventory: Inventory, paths: dict[str, str]) -> Iterator[str]:
    for name, client, hop in _needed(host, inventory):
        if refusal := _refusal(paths, name, client=client, hop=hop):
            use = f"the extended key usage {'client' if client else 'server'}Auth"
            yield (
                f"Have {host.text(CERTIFICATE)} ({CERTIFICATE} of {host.name}) made anew, for {name} and {use}, by an "
                f"authority that {AUTHORITY} has: {refusal.rstrip('.')}."
            )


def _needed(host: Host, inventory: Inventory) -> Iterator[tuple[str, bool, bool]]:
    """Yield each name it must be good for, whether a client shows it, and whether gateway and node do."""
    if SERVER in host.tiers and not host.lacks("aen_server_url"):
        yield _host_of(host.text("aen_server_url")), False, False
    if GATEWAY in host.tiers and not host.lacks("aen_gateway_url"):
        yield _host_of(host.text("aen_gateway_url")), False, False
        if domain := host.text("aen_gateway_project_domain"):
            yield f"project--owner.{domain}", False, False
        if any(n.text("aen_compute_gateway") == host.name and not n.lacks(CERTIFICATE) for n in inventory.of(COMPUTE)):
            yield _host_of(host.text("aen_gateway_url")), True, True
    if COMPUTE in host.tiers and not host.lacks("aen_compute_tls_name"):
        yield host.text("aen_compute_tls_name"), False, True


def _host_of(url: str) -> str:
    return urlsplit(url).hostname or url


def _refusal(paths: dict[str, str], name: str, *, client: bool, hop: bool) -> str:
    """Return why the other side would refuse the certificate for a name, "" where it takes it."""
    looking = _trusting(paths.get(AUTHORITY), server=client)
    if AUTHORITY not in paths:
        looking.load_verify_locations(paths[CERTIFICATE])
        looking.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    elif not hop:
        looking.load_default_certs()
    looking.verify_mode = ssl.CERT_REQUIRED
    shown = _showing(paths[CERTIFICATE], paths[KEY], server=not client)
    if client:
        shown.check_hostname = False  # the name of the one who looks, who has no certificate of its own here
        shown.verify_mode = ssl.CERT_NONE
        looking.load_cert_chain(paths[CERTIFICATE], paths[KEY])
    return _shake(shown, looking, name, client=client)


def _trusting(authority: str | None, *, server: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    if authority is not None:
        context.load_verify_locations(authority)
    return context


def _showing(certificate: str, key: str, *, server: bool = True) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.load_cert_chain(certificate, key, password=lambda: "")  # else OpenSSL asks the terminal
    return context


def _shake(shown: ssl.SSLContext, looking: ssl.SSLContext, name: str, *, client: bool) -> str:
    """Return OpenSSL's reason why `looking` refuses what `shown` shows, "" where it does not."""
    one, other = ssl.MemoryBIO(), ssl.MemoryBIO()
    clients, servers = (shown, looking) if client else (looking, shown)
    sides = (
        clients.wrap_bio(one, other, server_hostname=None if client else name),
        servers.wrap_bio(other, one, server_side=True),
    )
    for _ in range(ROUNDS):
        waiting = False
        for side in sides:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                waiting = True
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
        if not waiting:
            break
    return ""


def _line(error: AnsibleError) -> str:
    return " ".join(str(error.message).split()).rstrip(".")
