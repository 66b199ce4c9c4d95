"""Decision whether the text of a second pass can come in time. Pure."""

from backend.admission.admission import Survey, able, decode_s, expect
from protocol.job import CLASSES, Keys
from protocol.recognition import Options

LATE = "this second pass cannot be recognised in time: the texts of its pieces stay"


def comes_late(survey: Survey, options: Options, samples: int, within_s: float) -> bool:
    """Return whether a job of this length cannot be decoded ``within_s``, given what waits ahead of it.

    A worker without a job begins at once. Without a measured speed nothing is known, and nothing is refused.
    """
    workers = able(survey, options.model)
    if not any(one.speed for one in workers):
        return False
    classes = CLASSES[: CLASSES.index(options.priority) + 1]
    models = {options.model, "", *(one.model for one in workers)}
    streams = (survey.streams.get(Keys().jobs(priority, model)) for priority in classes for model in models)
    jobs = sum(waiting.entries for waiting in streams if waiting is not None)
    wait_s = 0.0 if jobs < len(workers) else expect(survey, options).eta_s or 0.0
    return wait_s + decode_s(survey, options, samples) > within_s
