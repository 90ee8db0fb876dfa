"""The client of Airflow's API, where nobody answers."""

import socket

import pytest

from include.sandbox.api import AirflowApi, ApiError


@pytest.fixture
def gone():
    """An address where somebody was listening a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    return AirflowApi(f"http://127.0.0.1:{port}", "admin", "secret")


@pytest.mark.parametrize(
    ("ask", "unsure"),
    [
        (lambda api: api.run_state("sparkify", "r"), False),
        (lambda api: api.has_pool("redshift"), False),
        (lambda api: api.trigger("sparkify", {}), True),
        (lambda api: api.pause("sparkify"), True),
    ],
)
def test_nobody_answers_in_a_sentence_that_says_what_to_do(gone, ask, unsure):
    with pytest.raises(ApiError, match=r"does not answer .*`make up` starts it again") as raised:
        ask(gone)
    assert ("Whether it was done" in str(raised.value)) == unsure


def test_who_does_not_answer_is_not_healthy(gone):
    assert not gone.is_healthy()
    assert gone.page("overview") == (0, None)
