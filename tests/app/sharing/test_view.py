from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.sharing.view import InviteView, LentView


def test_lent_worker_works_unless_it_is_off_or_failed() -> None:
    works = {state for state in LocalWorkerState if LentView("a", "desk", True, WorkerView(state)).works}
    assert works == set(LocalWorkerState) - {LocalWorkerState.OFF, LocalWorkerState.FAILED}


def test_pairing_code_is_not_in_the_repr() -> None:
    assert "48150623" not in repr(InviteView(code="48150623", link="kikipounamu://pair?code=48150623"))
