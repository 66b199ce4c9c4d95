"""Signs that a sentence goes on over a pause, in English and Chinese: lists of words, and letter cases. Pure.

A pause is counted between two segments. The pause between their words is about 0.7 s longer, because segments
begin before speech and end after it.
"""

import re
from itertools import pairwise
from typing import Final

_BRIEF_MS: Final = 250
_LONG_MS: Final = 800
_LONGEST_MS: Final = 3_000


def _word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_STOP: Final = re.compile(r"(?:\.+|。+|…+|[-–—])+$")
_ASKS: Final = frozenset("?!？！")
_OPEN: Final = re.compile(r"(?:\.\.+|…|[-–—,，、:：;；])$")
_WORD: Final = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)*")
_NUMBER_OR_WORD: Final = re.compile(rf"\d+|{_WORD.pattern}")
_LAST_WORD: Final = re.compile(r"([A-Za-z]+(?:['’][A-Za-z]+)*)\W*$")
_SENTENCE: Final = re.compile(r"(?<=[.?!])\s+|(?<=[。？！])\s*")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_ABBREVIATED: Final = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Gov|Sen|Rep|Capt|Sgt|Lt|St|Mt|Jr|Sr|Inc|Co|Dept|Ave|Fig|Vol|vs|etc|approx"
    r"|Ph\.D|[B-HJ-Z]|(?:[A-Za-z]\. ?)+[A-Za-z])\.$"
)
"""Titles, initials and abbreviations: their full stop stays, wherever sentences end. "A" and "I" are words."""

_NEVER_LAST: Final = _word_set(
    "a an the my our your their every and or but nor because if unless whether although whereas than"
)
"""Words that end no sentence."""
_SELDOM_LAST: Final = _NEVER_LAST | _word_set(
    """to of for from with at by into onto about between among under over through during without within against
    as is are was were am be been being has have had will would can could should may might must shall that
    which who whom whose what when where while until since how why i we they he she it's that's there's he's
    she's they're we're you're i'm i'll we'll i've we've very more most some any not don't doesn't didn't
    isn't won't can't want wants wanted need needs going"""
)
"""Words that seldom end a sentence."""
_SELDOM_FIRST: Final = _word_set("of than or nor to with by into whose until")
"""Words that seldom begin a sentence."""
_ORDINARY: Final = (
    _SELDOM_LAST
    | _SELDOM_FIRST
    | _word_set(
        """this these those it you her his its one two three four five six seven eight nine ten in on off up down
    out so then just only also now here there today tomorrow yesterday not no yes please maybe perhaps do
    does did go goes went get got make made take took"""
    )
) - {"i", "may", "will"}
"""Words whose capital only marks the beginning of a sentence. Others may be names and keep it."""
_PROPER: Final = _word_set(
    """monday tuesday wednesday thursday friday saturday sunday january february march april june july august
    september october november december english american british french german spanish italian chinese
    japanese russian european african asian indian dutch irish scottish swiss greek turkish korean christmas
    easter internet netherlands alps bible earth god king queen mr mrs ms dr"""
)
"""Words that keep their capital after an article."""
_ARTICLES: Final = _word_set("a an the my our your their every his its")
_DETERMINERS: Final = _ARTICLES | _word_set("this these those")

_HAN_NEVER_LAST: Final = re.compile(
    "(?:和|与|及|或|或者|以及|并且|而且|但|但是|可是|不过|因为|由于|所以|因此|如果|要是|虽然|即使|为了|关于|对于|把|被|"
    "从|向|往|跟|让|使|一个|一些|这个|那个|每个|很|非常|更|最|第|我们的|他们的)$"
)
_HAN_SELDOM_LAST: Final = re.compile(
    "(?:的|地|得|在|是|给|对|到|用|以|为|想|要|能|会|可以|应该|必须|需要|打算|准备|请|我|你|您|他|她|它|们|也|都|还|就|"
    "才|又|再|不|没|没有|这|那|每|一|两|几|个|有|说|觉得|认为|知道|后来|然后|现在|以后|时候|今天|明天|昨天)$"
)
_HAN_SELDOM_FIRST: Final = re.compile(
    "(?:的|了|着|过|们|吗|呢|吧|得|地|和|与|及|或|以及|并|而|但是|可是|不过|所以|因此|然后|而且|也|都|就|才|还|来|去|"
    "里|上|下|中|时|时候|以后|之后|以前|之前|之间|到|给)"
)


_VERBS: Final = _word_set(
    """am is are was were be been has have had do does did will would can could should may might must shall go goes
    went gone get gets got make makes made take takes took come comes came see sees saw know knows knew think
    thinks thought say says said tell tells told give gives gave find finds found keep keeps kept let lets want
    wants need needs like likes love loves use uses used try tries feel feels felt seem seems leave leaves left
    call calls put puts mean means meant become becomes became begin begins began show shows hear hears heard
    run runs ran hold holds held bring brings brought write writes wrote sit sits sat stand stands stood lose
    loses lost pay pays paid meet meets met set sets learn learns lead led understand understood speak speaks
    spoke read reads spend spent grow grew win won buy buys bought send sends sent build builds built fall fell
    cut cuts drive drove break broke choose chose eat ate drink drank sleep slept sell sold teach taught
    remember forget wait hope help ask asks work works play plays live lives believe believes happen happens
    include includes provide answer compare press check type name move remove turn pick wear carry watch push
    pull cost stay rest join reply finish repair connect walk walks start starts stop stops open opens close
    closes change changes look looks turns follow follows add adds allow allows travel travels smell smells
    sound sounds thank thanks fix click deploy please"""
)
"""Common verb forms. A piece without one, and without a word in -ed, is no whole sentence."""
_CONTRACTED: Final = re.compile(r"(?:n['’]t|['’](?:s|re|ve|ll|m|d))$")
_FINITE: Final = _word_set("is are was were am has had isn't aren't wasn't weren't hasn't hadn't")
_JOINING: Final = _word_set("and but or so because")
_OBJECTS: Final = _word_set("me us it them")
_LONGEST_FRAGMENT: Final = 10
_SHORTEST_IN_S: Final = 3
_SUBORDINATE: Final = _word_set("if because when although unless whether who which while")
_BECAUSE_OF: Final = ("because", "of")
_PREPOSITIONS: Final = _word_set(
    """of to for from with at by in on into onto about between among under over through during without within
    against after before since until near behind beside around across along despite"""
)
_BEGINNINGS: Final = _DETERMINERS | _word_set("now then so and but")
_SUBJECTS: Final = _DETERMINERS | _word_set(
    """i you he she it we they there what who where when why how which everyone everybody nobody someone anyone
    some many most all both yes no yeah okay ok right sure hello hi hey bye goodbye sorry welcome well good
    great exactly dear and but so now then first next finally however"""
)
"""First words of sentences, also of those without a verb."""

_PLAIN: Final = _word_set(
    """nothing something anything everything anybody somebody somewhere anywhere everywhere nowhere however
    although though if because when while as like such other another each few several than then again once ever
    never always often usually still already yet almost about all away back together instead too very really"""
)
_COMMON: Final = (_ORDINARY | _VERBS | _PREPOSITIONS | _SUBJECTS | _PLAIN) - {"i", "may", "will", "won"}
"""Words that are no names. ``without_capital`` knows fewer, because there the sentence may also have ended."""


def goes_on(left: str, right: str, pause_ms: int) -> bool:
    """Return whether the sentence at the end of ``left`` goes on in ``right``, after a pause between segments."""
    if left[-1] in _ASKS or pause_ms > _LONGEST_MS:
        return False
    words = _STOP.sub("", left)
    if _is_han(words[-1:]) or _is_han(right[0]):
        return _han_goes_on(left, words, right, pause_ms)
    spoken, following = _words(_SENTENCE.split(words)[-1]), _words(_SENTENCE.split(right)[0])
    if not (_has_word(spoken) and _has_word(following)):
        return False
    if spoken[-1] in _NEVER_LAST:
        return True
    if pause_ms > _LONG_MS:
        return False
    if _OPEN.search(left) or words == left or right[0].islower():
        return True
    if following[0] in _FINITE and not _SENTENCE.split(right)[0].endswith("?"):
        return True
    if pause_ms <= _BRIEF_MS and spoken[0] in _BEGINNINGS and not any(map(_is_verb, spoken)):
        return True
    return (
        spoken[-1] in _SELDOM_LAST
        or following[0] in _SELDOM_FIRST
        or _is_incomplete(spoken)
        or _lacks_subject_and_verb(following)
    )


def goes_on_with(right: str) -> bool:
    """Return whether the words of a text only go on with the sentence before it, where no pause is known.

    They begin with a conjunction, or have neither subject nor verb. More words than those of the lists may be
    verbs here, such as one before an object ("ship it").
    """
    sentence = _SENTENCE.split(right)[0]
    words = _words(sentence)
    if _is_han(right[0]) or sentence.endswith("?") or not _has_word(words):
        return False
    return words[0] in _JOINING or _is_fragment(words)


def _is_fragment(sentence: list[str]) -> bool:
    """Return whether the words of a sentence are only the rest of the one before it."""
    is_short = len(sentence) <= _LONGEST_FRAGMENT and (sentence[0] in _DETERMINERS or sentence[0] not in _SUBJECTS)
    has_preposition = sentence[0] in _PREPOSITIONS
    if not is_short or (not has_preposition and _OBJECTS & {*sentence[1:2]}):
        return False
    end = sentence.index("than") if "than" in sentence else len(sentence)
    free = [word for before, word in pairwise(["", *_without_nouns(sentence[:end])]) if before != "to"]
    return not any(map(_is_verb if has_preposition else _may_be_verb, free))


def _without_nouns(sentence: list[str]) -> list[str]:
    """Blank words that are no verbs where they stand: after an article, and those like "call" after "this"."""
    return [
        "" if before in _ARTICLES or (before == "this" and f"{word}s" in _VERBS) else word
        for before, word in pairwise(["", *sentence])
    ]


def without_full_stop(left: str, right: str) -> str:
    """Return ``left`` without the full stop at its end; between long Chinese pieces a comma replaces it."""
    words = _STOP.sub("", left)
    if words == left or not _is_han(words[-1:]) or not _is_han(right[0]):
        return words
    open_ended = _HAN_NEVER_LAST.search(words) or _HAN_SELDOM_LAST.search(words) or _HAN_SELDOM_FIRST.match(right)
    return words if open_ended else f"{words}，"


def is_abbreviated(left: str) -> bool:
    """Return whether a text ends with the full stop of a title, an initial or an abbreviation."""
    return _ABBREVIATED.search(left) is not None


def begins_often(text: str) -> bool:
    """Return whether a text begins with a word that often begins a sentence; in Chinese, every one may."""
    found = _WORD.match(text)
    return _is_han(text[0]) or (found is not None and re.split("['’]", found.group().lower())[0] in _SUBJECTS)


def without_false_stop(text: str) -> str:
    """Return a text without a full stop after a word that ends no sentence."""
    words = _STOP.sub("", text)
    spoken = _LAST_WORD.search(words)
    never = spoken is not None and spoken.group(1).lower() in _NEVER_LAST
    return words if never or _HAN_NEVER_LAST.search(words) else text


def without_capital(right: str, left: str = "", ordinary: frozenset[str] = _ORDINARY) -> str:
    """Return ``right`` without the capital that began its sentence; names, acronyms and "I" keep theirs."""
    found = _WORD.match(right)
    word = found.group() if found else ""
    if not word or word[1:] != word[1:].lower() or word.startswith(("I'", "I’")):
        return right
    plain = word.lower()
    last = _LAST_WORD.search(left)
    before_noun = last is not None and last.group(1).lower() in _DETERMINERS and plain not in _PROPER
    return right[0].lower() + right[1:] if plain in ordinary or (before_noun and len(word) > 1) else right


def without_capital_within(right: str, left: str) -> str:
    """Return ``right`` as the middle of a sentence: common words lose their capital, possible names keep it."""
    return without_capital(right, left, _COMMON)


def _is_incomplete(sentence: list[str]) -> bool:
    """Return whether a sentence lacks the verb of its last clause, or its main clause."""
    pairs = enumerate(zip(sentence, [*sentence[1:], ""], strict=True))
    begins = max((place for place, pair in pairs if pair[0] in _SUBORDINATE and pair != _BECAUSE_OF), default=-1)
    if begins > 0:
        return not any(map(_is_verb, sentence[begins + 1 :]))
    if begins == 0:
        return sum(_is_verb(word) and before != "to" for before, word in pairwise(sentence)) < 2
    return sentence[0] in _PREPOSITIONS and not any(map(_is_verb, sentence))


def _lacks_subject_and_verb(sentence: list[str]) -> bool:
    """Return whether words are only the rest of a sentence: they have neither subject nor verb."""
    return sentence[0] not in _SUBJECTS and not any(map(_is_verb, sentence))


def _is_verb(word: str) -> bool:
    return word in _VERBS or bool(_CONTRACTED.search(word)) or (len(word) > 4 and word.endswith("ed"))


def _may_be_verb(word: str) -> bool:
    in_s = len(word) > _SHORTEST_IN_S and word.endswith("s") and not word.endswith("ss")
    return _is_verb(word) or (in_s and word not in _COMMON)


def _words(text: str) -> list[str]:
    """Return words and numbers in lower case. Numbers count: "at 7" does not end in "at"."""
    return [word.lower() for word in _NUMBER_OR_WORD.findall(text)]


def _has_word(words: list[str]) -> bool:
    return not all(map(str.isdigit, words))


def _is_han(character: str) -> bool:
    return bool(_HAN.match(character))


def _han_goes_on(left: str, words: str, right: str, pause_ms: int) -> bool:
    if _HAN_NEVER_LAST.search(words):
        return True
    if pause_ms > _LONG_MS:
        return False
    if words == left or _HAN_SELDOM_LAST.search(words) or _HAN_SELDOM_FIRST.match(right):
        return True
    return pause_ms <= _BRIEF_MS and _is_han(words[-1:]) and _is_han(right[0])
