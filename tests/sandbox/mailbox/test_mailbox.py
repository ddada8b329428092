"""The mailbox over the network: what smtplib sends is kept, and can be read as a file and as a page."""

from __future__ import annotations

import smtplib
import urllib.error
import urllib.request
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from sandbox.process import Service

PIXEL = b"\x89PNG\r\n\x1a\n not really"


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service.start("sandbox.mailbox", tmp_path_factory.mktemp("mailbox")) as service:
        yield service


def report(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = (
        subject,
        "platform@shellcorp.example",
        "data@x.example",
    )
    message.set_content("Søren: 0 differences\n")
    message.add_alternative("<h1>Grün & gut</h1><img src='cid:chart@x'><script>1</script>", subtype="html")
    html = message.get_body(("html",))
    assert html is not None
    html.add_related(PIXEL, "image", "png", cid="<chart@x>", filename="chart.png")
    message.add_attachment("a;b\r\n1;2\r\n", subtype="csv", filename="Zahlen ü.csv")
    return message


def send(service: Service, message: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", service.port, timeout=10) as client:
        client.send_message(message)


def get(service: Service, path: str) -> tuple[bytes, dict[str, str]]:
    address = f"http://127.0.0.1:{service.endpoint['web_port']}{path}"
    with urllib.request.urlopen(address, timeout=10) as response:
        return response.read(), dict(response.headers)


def kept(service: Service, subject_in_name: str) -> Path:
    (file,) = service.folder.glob(f"*-{subject_in_name}.eml")
    return file


def test_a_mail_is_kept_whole_and_its_html_opens_from_a_file(mailbox: Service) -> None:
    send(mailbox, report("Run 17: «alles» fine"))

    file = kept(mailbox, "run-17-alles-fine")
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert message["Subject"] == "Run 17: «alles» fine"
    html = file.with_suffix(".html").read_text()
    assert "Grün & gut" in html
    assert "cid:" not in html
    assert "data:image/png;base64,iVBORw0KGgo" in html


def test_names_sort_by_arrival_also_after_a_restart(tmp_path: Path) -> None:
    for subject in ("b", "a", "c"):
        with Service.start("sandbox.mailbox", tmp_path) as service:
            send(service, report(subject))
    assert [file.stem[-1] for file in sorted(tmp_path.glob("*.html"))] == ["b", "a", "c"]


def test_the_page_lists_mails_and_shows_their_parts(mailbox: Service) -> None:
    send(mailbox, report("shown <b>&"))
    name = kept(mailbox, "shown-b").stem

    listing, _ = get(mailbox, "/")
    assert f"/mail/{name}".encode() in listing
    assert b"shown &lt;b&gt;&amp;" in listing
    page, _ = get(mailbox, f"/mail/{name}")
    assert "Søren: 0 differences".encode() in page
    assert b"<iframe sandbox" in page
    html, headers = get(mailbox, f"/mail/{name}/html")
    assert "Grün".encode() in html
    assert headers["Content-Security-Policy"].startswith("sandbox")
    image, headers = get(mailbox, f"/mail/{name}/attachments/0")
    assert image == PIXEL
    assert headers["Content-Type"] == "image/png"
    table, headers = get(mailbox, f"/mail/{name}/attachments/1")
    assert table == b"a;b\r\n1;2\r\n"
    assert headers["Content-Disposition"] == "attachment; filename*=utf-8''Zahlen%20%C3%BC.csv"


@pytest.mark.parametrize(
    "path", ["/mail/none", "/mail/..%2Fcredentials", "/mail/x/attachments/9", "/credentials.json", "/a/b/c"]
)
def test_the_page_gives_mails_and_nothing_else(mailbox: Service, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(mailbox, path)


def test_a_login_has_to_be_right(mailbox: Service) -> None:
    with smtplib.SMTP("127.0.0.1", mailbox.port, timeout=10) as client:
        client.login("platform", mailbox.password("platform"))
    with (
        smtplib.SMTP("127.0.0.1", mailbox.port, timeout=10) as client,
        pytest.raises(smtplib.SMTPAuthenticationError),
    ):
        client.login("platform", "wrong")


def test_several_recipients_get_one_kept_mail(mailbox: Service) -> None:
    message = report("to many")
    del message["To"]
    message["To"] = "Åse <ase@x.example>, b@x.example"
    send(mailbox, message)
    assert b"=?utf-8?" in kept(mailbox, "to-many").read_bytes()


def test_a_taken_port_is_one_clear_line(mailbox: Service, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=f"port {mailbox.port} cannot be used"):
        Service.start("sandbox.mailbox", tmp_path, port=mailbox.port)
