from app.dictation.actions import Verb
from app.messages.kinds import MOST, Action, ActionQueue


def test_actions_wait_for_the_app_in_their_order() -> None:
    queue, asked = ActionQueue(), list[Action]()
    queue.ask(Verb.START)
    queue.ask(Verb.STOP)
    assert asked == []
    queue.begin(asked.append)
    queue.ask(Verb.QUIT)
    assert asked == [Verb.START, Verb.STOP, Verb.QUIT]


def test_newest_actions_are_kept_when_too_many_wait() -> None:
    queue, asked = ActionQueue(), list[Action]()
    for number in range(MOST + 1):
        queue.ask(Verb.QUIT if number == MOST else Verb.START)
    queue.begin(asked.append)
    assert len(asked) == MOST and asked[-1] is Verb.QUIT
