# SPDX-License-Identifier: GPL-3.0-or-later
"""One message over SMTP (RFC 5321), by the standard library."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from wakari.core.errors import AppError, UnavailableError
from wakari.mail.settings import MailSettings

PERMANENT = range(500, 600)  # replies that another attempt will not change (RFC 5321, 4.2.1)


def message(settings: MailSettings, to: str, subject: str, text: str, key: str) -> EmailMessage:
    """Return the message. `key` makes its Message-ID: a repeated attempt is the same message to a mailbox."""
    made = EmailMessage()
    host = settings.sender.rpartition("@")[2]
    made["From"], made["To"], made["Subject"] = settings.sender, to, subject
    made["Date"] = formatdate()
    made["Message-ID"] = f"<{key}@{host}>" if key else make_msgid(domain=host)
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    made.set_content(text)
    return made


def send(settings: MailSettings, password: str, mail: EmailMessage) -> None:
    """Hand the message to the mail server.

    Raises:
        AppError: `mail_refused`: the server refuses sender, recipient, password or message for good.
        UnavailableError: `mail_server_away`: it cannot be reached, its certificate is not good, or it says "later".
    """
    try:
        with _connected(settings) as client:
            if settings.security == "starttls":
                client.starttls(context=_context(settings))
            if settings.username:
                client.login(settings.username, password)
            client.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        raise _refusal(code, said) from error
    except smtplib.SMTPResponseException as error:
        raise _refusal(error.smtp_code, error.smtp_error) from error
    except (OSError, smtplib.SMTPException) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
        raise UnavailableError(
            "mail_server_away",
            f"The mail server {settings.server}:{settings.port} cannot be used: {reason[:200]}.",
            hint="Check server, port, security and ca_file of `mail` in the settings.",
        ) from error


def _connected(settings: MailSettings) -> smtplib.SMTP:
    if settings.security == "tls":
        return smtplib.SMTP_SSL(settings.server, settings.port, timeout=settings.timeout, context=_context(settings))
    return smtplib.SMTP(settings.server, settings.port, timeout=settings.timeout)


def _context(settings: MailSettings) -> ssl.SSLContext:
    """Return a context that verifies certificate and name, by the site's authority where one is given."""
    return ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)


def _refusal(code: int, said: bytes | str) -> AppError:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    text = f"The mail server answered {code}: {' '.join(words.split())[:200]}"
    if code in PERMANENT:
        return AppError("mail_refused", text, hint="Correct the address, or the settings of `mail`.", status=409)
    return UnavailableError("mail_server_away", text, hint="It is tried again.")
