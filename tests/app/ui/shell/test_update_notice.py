"""A newer version is announced as a notification when the service says so."""

from dataclasses import replace

from app.ui.shell.update_notice import UpdateNotice
from app.ui.strings.texts import Texts
from app.updates.view import UpdateState, UpdatesView
from tests.helpers.signed_index import index_of

NEWER = UpdatesView(UpdateState.NEWER, "0.1.0", True, 1.0, index_of("0.2.0").releases[0])


def test_notice_is_sent_only_when_asked_for(texts: Texts) -> None:
    sent = list[tuple[str, str]]()
    notice = UpdateNotice(texts, lambda *said: sent.append(said))
    notice.show_updates(UpdatesView())
    notice.show_updates(NEWER)
    assert not sent
    notice.show_updates(replace(NEWER, announce=True))
    ((heading, says),) = sent
    assert "0.2.0" in heading and "0.1.0" in says
