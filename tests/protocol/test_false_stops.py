"""Tests of full stops that are taken back within one text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.false_stops import without_false_stops


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("They had. Nothing that would fit me.", "They had nothing that would fit me."),
        ("Do not forget to. Bring the keys.", "Do not forget to bring the keys."),
        ("They fly to. Paris is nice.", "They fly to Paris is nice."),
        ("A noise when. It is cold. It goes away.", "A noise when it is cold. It goes away."),
        (
            "She speaks quietly. People in. The back cannot hear.",
            "She speaks quietly. People in the back cannot hear.",
        ),
        (
            "She speaks quietly. Students in. The back cannot hear.",
            "She speaks quietly. Students in the back cannot hear.",
        ),
        ("They talked about it. This work of a lifetime.", "They talked about it this work of a lifetime."),
        ("They talked about it. Once this year.", "They talked about it once this year."),
        ("They talked about it. The change at noon.", "They talked about it the change at noon."),
        ("They talked about it. This helps.", "They talked about it. This helps."),
        ("It is on the hill behind. The farm is old.", "It is on the hill behind the farm is old."),
        ("We met the day after. The farm is old.", "We met the day after. The farm is old."),
        ("They were left behind. The farm is old.", "They were left behind. The farm is old."),
        ("We met after. Nobody came.", "We met after. Nobody came."),
        ("They met after. The storm. Many are here.", "They met after the storm. Many are here."),
        ("They sold 60. Jars of honey. It was hot.", "They sold 60 jars of honey. It was hot."),
        ("They sold 60. Jars of honey are cheap.", "They sold 60. Jars of honey are cheap."),
        ("We meet at 7. The room is small.", "We meet at 7. The room is small."),
        ("The rent rose by $80. We are moving.", "The rent rose by $80. We are moving."),
        ("Buy milk. 2. Call them.", "Buy milk. 2. Call them."),
        ("They talked about it. Dogs bark.", "They talked about it. Dogs bark."),
        ("They talked about it. The play ends at noon.", "They talked about it. The play ends at noon."),
        (
            "She looked down it. The quiet street. A dog was barking.",
            "She looked down it the quiet street. A dog was barking.",
        ),
        ("It was late because of the snow. Nobody knew it.", "It was late because of the snow. Nobody knew it."),
        ("I will be late. So please start.", "I will be late so please start."),
        ("It is late. So what do you want?", "It is late. So what do you want?"),
        (
            "We finished it on Thursday. One day earlier than we had planned.",
            "We finished it on Thursday one day earlier than we had planned.",
        ),
        ("It is late. We go home.", "It is late. We go home."),
        ("Please ask Dr. Patel.", "Please ask Dr. Patel."),
        ("The book by J. K. Rowling is good.", "The book by J. K. Rowling is good."),
        ("We met at 7 p.m. and left.", "We met at 7 p.m. and left."),
        ("He works for the U.S. Army.", "He works for the U.S. Army."),
        ("Some fruits, e.g. apples, are cheap.", "Some fruits, e.g. apples, are cheap."),
        ("I spoke to Mr. Brown and Mrs. White.", "I spoke to Mr. Brown and Mrs. White."),
        ("A. Heron met J. A. Smith.", "A heron met J. A. Smith."),
        ("They fly to. Dr. Patel is nice.", "They fly to Dr. Patel is nice."),
        ("Do you want to? Go home. Now.", "Do you want to? Go home. Now."),
        ("我打算。去北京。", "我打算去北京。"),
        ("天气很好。但是很冷。", "天气很好但是很冷。"),
        ("你能告诉我? 书店在哪里？", "你能告诉我，书店在哪里？"),
        ("你能告诉我?书店在哪里?", "你能告诉我，书店在哪里?"),
        ("我打算。去北京?你呢?我很好!但是很冷。", "我打算去北京?你呢?我很好!但是很冷。"),
        ("Who is it? 我很好。", "Who is it? 我很好。"),
        ("好的。我知道。下午见。", "好的。我知道。下午见。"),
        ("我在。London 很久。", "我在 London 很久。"),
        ("他用 Python. 的时候很多。", "他用 Python 的时候很多。"),
        ("我走了。Good morning.", "我走了。Good morning."),
        ("他来了。你呢？我很好。", "他来了。你呢？我很好。"),
        ("It costs 1.5. We pay 2.0.", "It costs 1.5. We pay 2.0."),
        ("Hello", "Hello"),
        ("", ""),
    ],
)
def test_full_stop_stays_unless_the_sentence_goes_on(text: str, expected: str) -> None:
    assert without_false_stops(text) == expected


@given(st.text(st.sampled_from("Ia the,.?!…。？我的1 ")))
def test_letters_and_digits_stay_as_they_are(text: str) -> None:
    kept = [character for character in without_false_stops(text).lower() if character.isalnum()]
    assert kept == [character for character in text.lower() if character.isalnum()]
