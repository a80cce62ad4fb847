# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail, from the page to a real SMTP server on loopback: sent once, again while it is away, given up with a reason."""

from __future__ import annotations

import json
import ssl
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.integration.mail.mailserver import Box, served
from tests.serverkit import Kit
from wakari.core.errors import AppError
from wakari.core.settings import SettingsError
from wakari.mail import MailSettings, Postman, postman, reset
from wakari.mail.outbox import Outbox
from wakari.store import Store
from wakari.store.base import now
from wakari.store.sealed import Sealer

SECRET = "a-password-of-the-mail-server"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", made]
    subprocess.run([*command, *subject], check=True, capture_output=True)
    return made, key


def settings_for(port: int, **fields: Any) -> MailSettings:
    given = {"server": "localhost", "port": port, "security": "none", "sender": "wakari@example.org", "timeout": 5}
    return MailSettings.model_validate({**given, **fields})


@pytest.fixture
def outbox(kit: Kit) -> Outbox:
    return replace(kit.services.outbox, settings=settings_for(25))


def worker(kit: Kit, settings: MailSettings | None, prefix: Path = Path("/nowhere")) -> Postman:
    return Postman(kit.services.store, kit.services.outbox.sealer, settings, prefix)


def hurry(store: Store) -> None:
    store.database.mails.update_many({"state": "queued"}, {"$set": {"run_after": now() - timedelta(seconds=1)}})


def test_a_message_arrives_once_and_its_text_does_not_stay(kit: Kit, store: Store, outbox: Outbox) -> None:
    outbox.put("ada@example.org", "Grüße", "Zeile 1\n.\nZeile 3, mit Umlaut ü")
    assert "Zeile" not in json.dumps(list(store.database.mails.find()), default=str), "texts are sealed"
    box = Box()
    with served(box) as port:
        post = worker(kit, settings_for(port))
        assert post.deliver() is True
        assert post.deliver() is False
    (to, mail), *rest = box.mails
    assert (to, rest) == ("ada@example.org", [])
    assert (mail["Subject"], mail["From"], mail["Auto-Submitted"]) == ("Grüße", "wakari@example.org", "auto-generated")
    assert mail.get_content().splitlines() == ["Zeile 1", ".", "Zeile 3, mit Umlaut ü"]
    found = store.mails.latest(1)[0]
    assert (found.state, found.sealed, found.attempts) == ("sent", "", 1)


def test_while_the_server_is_away_it_waits(kit: Kit, store: Store, outbox: Outbox) -> None:
    outbox.put("ada@example.org", "Hello", "text")
    away = worker(kit, settings_for(1))
    assert away.deliver() is True
    waiting = store.mails.latest(1)[0]
    assert (waiting.state, waiting.attempts) == ("queued", 1)
    assert "localhost:1 cannot be used" in waiting.error
    assert waiting.run_after > now() + timedelta(seconds=5)
    assert away.deliver() is False, "not before its time"
    box = Box(answer="451 Try again later")
    with served(box) as port:
        post = worker(kit, settings_for(port))
        hurry(store)
        post.deliver()
        assert store.mails.latest(1)[0].state == "queued"
        box.answer = "250 OK"
        hurry(store)
        post.deliver()
    assert store.mails.latest(1)[0].state == "sent"
    assert len(box.mails) == 1


def test_what_is_refused_for_good_or_too_often_is_given_up(
    kit: Kit, store: Store, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.put("gone@example.org", "Hello", "text")
    with served(Box()) as port:
        worker(kit, settings_for(port)).deliver()
    refused = store.mails.latest(1)[0]
    assert (refused.state, refused.attempts, refused.sealed) == ("failed", 1, "")
    assert "550: No such user here" in refused.error
    monkeypatch.setattr(postman, "MAX_ATTEMPTS", 2)
    outbox.put("ada@example.org", "Hello", "text")
    for _ in range(2):
        hurry(store)
        worker(kit, settings_for(1)).deliver()
    assert store.mails.latest(1)[0].state == "failed"


def test_of_two_workers_one_sends_it(store: Store, outbox: Outbox) -> None:
    outbox.put("ada@example.org", "Hello", "text")
    first, second = store.mails.claim(60), store.mails.claim(60)
    assert (first is not None, second) == (True, None)
    hurry(store)  # the first one's lease ran out
    again = store.mails.claim(60)
    assert first
    assert again
    store.mails.failed(first, "too late")
    assert store.mails.latest(1)[0].state == "queued", "who lost it writes nothing"
    store.mails.sent(again)
    assert store.mails.latest(1)[0].state == "sent"


# aiosmtpd sees no STARTTLS where TLS comes first, and warns of that.
@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_password_goes_over_tls_that_is_verified(
    kit: Kit, outbox: Outbox, certificate: tuple[Path, Path], tmp_path: Path, security: str
) -> None:
    store = kit.services.store
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    (tmp_path / "mail-password").write_text(f"{SECRET}\n")
    box = Box()

    def check(_: SMTP, __: Session, ___: Envelope, ____: str, data: LoginPassword) -> AuthResult:
        box.signed_in.append(data.login.decode())
        return AuthResult(success=data.password.decode() == SECRET)

    options: dict[str, Any] = {"authenticator": check, "auth_required": True}
    options |= {"tls_context": context, "require_starttls": True} if security == "starttls" else {}
    options |= {"ssl_context": context, "auth_require_tls": False} if security == "tls" else {}
    with served(box, **options) as port:
        known = {"security": security, "username": "wakari", "password_file": "mail-password"}
        outbox.put("ada@example.org", "Hello", "text")
        worker(kit, settings_for(port, **known), tmp_path).deliver()
        assert "CERTIFICATE_VERIFY_FAILED" in store.mails.latest(1)[0].error
        assert box.signed_in == [], "nothing was told to a server that nobody vouches for"
        hurry(store)
        worker(kit, settings_for(port, **known, ca_file=str(certificate[0])), tmp_path).deliver()
    assert store.mails.latest(1)[0].state == "sent", store.mails.latest(1)[0].error
    assert (box.signed_in, len(box.mails)) == (["wakari"], 1)


def test_settings_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    for fields in (
        {"sender": "nowhere"},
        {"username": "wakari"},
        {"username": "wakari", "password_file": "f", "security": "none"},
        {"security": "plain"},
        {"server": "a b"},
        {"colour": "red"},
    ):
        with pytest.raises(ValueError, match="1 validation error"):
            settings_for(25, **fields)
    missing = settings_for(25, security="tls", username="wakari", password_file="none")
    with pytest.raises(SettingsError, match="cannot be read"):
        missing.password(tmp_path)


def test_off_means_off(kit: Kit, store: Store) -> None:
    root = kit.user("root1", "superuser")
    answer = kit.api(root).post("/notifications", {"subject": "Hello", "text": "text"})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "mail_off")
    assert "sends no mail" in kit.browser(root).get("/admin/notification").text
    store.mails.add("ada@example.org", "x", Sealer("x" * 43).seal("x"))
    assert worker(kit, None).deliver() is False
    assert store.mails.latest(1)[0].attempts == 0


def test_everybody_a_group_or_one_person_is_written_to(kit: Kit, store: Store, outbox: Outbox) -> None:
    for name in ("ada", "ben", "cleo", "dora"):
        kit.user(name)
        if name != "cleo":
            kit.services.accounts.set_profile(name, email=f"{name}@example.org", actor="test")
    kit.services.groups.add("makers", "", ["ben", "cleo"], actor="test")
    kit.services.bans.ban("dora", "", actor="test")
    assert outbox.notify("News", "text", actor="root1") == (2, 2)
    assert outbox.notify("News", "text", group="makers", actor="root1") == (1, 1)
    assert outbox.notify("News", "text", user="ada", actor="root1") == (1, 0)
    assert sorted(mail.to.partition("@")[0] for mail in store.mails.latest(9)) == ["ada", "ada", "ben", "ben"]
    for bad in ({"user": "nobody"}, {"group": "none"}, {"user": "ada", "group": "makers"}):
        with pytest.raises(Exception, match=r"nobody of this name|not both"):
            outbox.notify("News", "text", **bad, actor="root1")
    for subject, text in (("", "x"), ("x", " "), ("a\nBcc: all@example.org", "x"), ("x" * 151, "x")):
        with pytest.raises(Exception, match="cannot be sent"):
            outbox.notify(subject, text, user="ada", actor="root1")
    assert len(store.mails.latest(9)) == 4


def test_a_forgotten_password_is_set_by_the_link_in_the_mail(kit: Kit, store: Store, outbox: Outbox) -> None:
    kit.user("ada")
    kit.user("ben")
    kit.services.accounts.set_profile("ada", email="ada@example.org", actor="test")
    mail = replace(kit.services.reset_mail, outbox=outbox)
    for name in ("ada", "ben", "nobody"):
        mail.ask(name, "192.0.2.1")
    box = Box()
    with served(box) as port:
        post = worker(kit, settings_for(port))
        while post.deliver():
            pass
    ((to, message),) = box.mails
    assert to == "ada@example.org"
    code = message.get_content().partition("/login/reset#")[2].split()[0]
    assert kit.services.resets.redeem(code, "another long one").name == "ada"
    for _ in range(reset.ACCOUNT_LIMIT + 3):
        mail.ask("ada", "192.0.2.1")
    assert len([one for one in store.mails.latest(20) if one.state == "queued"]) == reset.ACCOUNT_LIMIT - 1
    for _ in range(reset.ADDRESS_LIMIT):
        store.throttles.count("forgot-from:192.0.2.1", reset.HOUR)
    with pytest.raises(AppError, match="too many wishes"):
        mail.ask("nobody", "192.0.2.1")


def test_an_administrator_sends_a_link(kit: Kit, store: Store, outbox: Outbox) -> None:
    ada = kit.user("ada")
    mail = replace(kit.services.reset_mail, outbox=outbox)
    with pytest.raises(AppError, match="has no e-mail address"):
        mail.send(ada, actor="root1")
    kit.services.accounts.set_profile("ada", email="ada@example.org", actor="test")
    mail.send(kit.services.accounts.get("ada"), actor="root1")
    assert [one.to for one in store.mails.latest(9)] == ["ada@example.org"]
    assert "sends no mail" in kit.browser().get("/login/forgot").text
    assert kit.browser().submit("/login/forgot", {"username": "ada"}, "/login").status_code == 409


def test_while_mail_is_off_a_lost_password_tells_nothing_and_ends_no_link(kit: Kit) -> None:
    kit.user("ada")
    kit.user("ben")
    kit.services.accounts.set_profile("ada", email="ada@example.org", actor="test")
    handed = kit.services.resets.make("ada", actor="root1").url.rpartition("#")[2]
    answers = [kit.browser().submit("/login/forgot", {"username": name}, "/login") for name in ("ada", "ben", "nobody")]
    assert [answer.status_code for answer in answers] == [409] * 3
    assert all("sends no mail" in answer.text for answer in answers)
    with pytest.raises(AppError, match="sends no mail"):
        kit.services.reset_mail.send(kit.services.accounts.get("ada"), actor="root1")
    assert kit.services.resets.redeem(handed, "another long one").name == "ada"


def test_who_has_a_password_elsewhere_is_sent_no_link(kit: Kit, store: Store, outbox: Outbox) -> None:
    kit.user("ada")
    kit.services.accounts.set_profile("ada", email="ada@example.org", actor="test")
    kit.services.accounts.link("ada", "oidc", "issuer subject", actor="root1")
    mail = replace(kit.services.reset_mail, outbox=outbox)
    mail.ask("ada", "192.0.2.1")
    with pytest.raises(AppError, match="is not kept here"):
        mail.send(kit.services.accounts.get("ada"), actor="root1")
    assert store.mails.latest(9) == []
    assert store.database.resets.count_documents({}) == 0
