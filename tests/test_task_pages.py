"""Tasks in the pages, without a browser: what they say and offer in each state."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cardmaker.cache import Blob
from cardmaker.errors import StoreAway, StoreFull, TaskGone, UnknownTask
from cardmaker.settings import Settings
from cardmaker.tasks.crew import Crew
from cardmaker.tasks.job import Job
from cardmaker.tasks.record import new_id
from cardmaker.workbench import State, Task, Workbench
from pages import _tasks, _ui
from tests.test_pages import ROOT, buttons, errors, picture, press, words

ID = "0123456789abcdef" * 2
OTHER = "fedcba9876543210" * 2
ELVES = Task(ID, "digest", title="Elves *of* the wood", layout="letter-standard-v6", pages=52, created_s=100.0)


class Runner:
    """Keeps the tasks that a test puts there, and does nothing with those it is given."""

    def __init__(self) -> None:
        self.tasks: dict[str, Task] = {}
        self.jobs: list[Job] = []
        self.refusal: Exception | None = None
        self.gone = False

    def put(self, task: Task) -> None:
        self.tasks[task.id] = task

    def submit(self, task: Task, job: Job) -> Task:
        if self.refusal:
            raise self.refusal
        self.jobs.append(job)
        for other in self.tasks.values():
            if other.digest == task.digest and not other.is_final:
                return other
        self.put(replace(task, created_s=200.0 + len(self.tasks)))
        return self.tasks[task.id]

    def get(self, task_id: str) -> Task:
        if self.refusal:
            raise self.refusal
        if task_id not in self.tasks:
            raise UnknownTask("there is no such task; it may have ended long ago")
        return self.tasks[task_id]

    def list(self, most: int = 50) -> tuple[Task, ...]:
        return tuple(self.tasks.values())[:most]

    def active(self) -> tuple[Task, ...]:
        return tuple(task for task in self.tasks.values() if not task.is_final)

    def cancel(self, task_id: str) -> Task:
        self.put(replace(self.get(task_id), cancelling=True))
        return self.get(task_id)

    def retry(self, task_id: str) -> Task:
        if self.gone:
            raise TaskGone("the images of this task are no longer kept; submit it again")
        old = self.get(task_id)
        new = replace(old, id=new_id(), state=State.PENDING, retry_of=old.id, created_s=old.created_s + 1)
        self.put(replace(old, retried_as=new.id))
        self.put(new)
        return new

    def result(self, task_id: str) -> Blob:
        self.get(task_id)
        if self.gone:
            raise TaskGone("the document of this task is no longer kept; submit it again")
        return Blob.of(b"%PDF")

    def wait(self, task_id: str, timeout_s: float) -> Task:  # noqa: ARG002
        return self.get(task_id)

    def close(self) -> None:
        pass


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Runner:
    """That of the page's workbench, for which the sample is a long deck."""
    runner = Runner()
    bench = Workbench(Settings(task_from_cards=4))
    bench.crew = Crew(runner)
    monkeypatch.setattr(_ui, "workbench", lambda: bench)
    return runner


@pytest.fixture
def page(runner: Runner) -> AppTest:  # noqa: ARG001 - the page finds it
    return opened()


@pytest.fixture
def sample(page: AppTest) -> AppTest:
    return press(page, "Try a sample deck")


def opened(*task_ids: str, at: str = "") -> AppTest:
    page = AppTest.from_file(ROOT / "pages" / "_main.py", default_timeout=30)
    if task_ids:
        page.query_params["task"] = list(task_ids)
    page.run()
    return page.switch_page(at).run() if at else page


def listed(*task_ids: str) -> AppTest:
    return opened(*task_ids, at="tasks.py")


def in_address(page: AppTest) -> list[str]:
    ids = page.query_params.get("task", [])
    return [ids] if isinstance(ids, str) else list(ids)


def progress(page: AppTest) -> list[tuple[int, str]]:
    bars = [bar.proto for bar in page.get("progress")]
    return [(bar.value, bar.text.replace("\\", "")) for bar in bars]


def ended(state: State, **fields: object) -> Task:
    return replace(ELVES, state=state, started_s=102.0, finished_s=240.5, **fields)  # type: ignore[arg-type]


def test_a_long_deck_is_made_by_a_task_whose_id_stands_in_the_address(sample: AppTest, runner: Runner) -> None:
    assert "Make PDF" in buttons(sample)
    assert not in_address(sample)
    before = picture(sample)

    press(sample, "Make PDF")

    (task,) = runner.tasks.values()
    assert in_address(sample) == [task.id]
    assert task.title == "sample"
    assert progress(sample) == [(0, "Waiting · **sample**")]
    assert "Cancel" in buttons(sample)
    assert picture(sample) == before
    assert sample.button(key="make").disabled  # the same document is being made already


def test_a_short_deck_is_downloaded_at_once(sample: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ui, "workbench", lambda: Workbench(Settings()))

    sample.run()

    assert not sample.download_button(key="download").proto.disabled
    assert "Make PDF" not in buttons(sample)


def test_a_press_takes_what_was_typed_right_before_it(sample: AppTest, runner: Runner) -> None:
    sample.text_input(key="crop").set_value("2mm")
    press(sample, "Make PDF")

    assert runner.jobs[0].settings["crop"] == "2mm"


def test_a_press_is_one_task_also_where_another_run_cuts_its_own_short(
    sample: AppTest, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def cut_short(_words: str) -> Iterator[None]:
        yield
        if len(runner.jobs) == 1:
            st.rerun()

    monkeypatch.setattr(st, "spinner", cut_short)

    press(sample, "Make PDF")

    assert len(runner.jobs) == 1
    assert in_address(sample) == [*runner.tasks]


def test_a_press_right_after_a_slip_makes_nothing(sample: AppTest, runner: Runner) -> None:
    sample.text_input(key="crop").set_value("2")
    press(sample, "Make PDF")

    assert not runner.jobs
    assert "has no unit" in errors(sample)
    assert sample.button(key="make").disabled

    sample.text_input(key="crop").set_value("2mm").run()
    assert not runner.jobs


def test_a_changed_sheet_can_be_made_while_another_is(sample: AppTest, runner: Runner) -> None:
    press(sample, "Make PDF")

    sample.text_input(key="crop").set_value("2mm").run()
    press(sample, "Make PDF")

    first, second = runner.tasks
    assert in_address(sample) == [second, first]


def test_a_running_task_says_how_far_it_is_and_can_be_stopped(runner: Runner) -> None:
    runner.put(replace(ELVES, state=State.RUNNING, started_s=101.0, progress=0.25, doing="card 37 of 104"))

    page = opened(ID)
    assert progress(page) == [(25, "Making · card 37 of 104 · **Elves *of* the wood**")]

    press(page, "Cancel")
    assert runner.tasks[ID].cancelling
    assert progress(page)[0][1].startswith("Stopping")
    assert page.button(key=f"cancel {ID}").disabled


def test_a_second_attempt_says_so(runner: Runner) -> None:
    runner.put(replace(ELVES, state=State.RUNNING, started_s=101.0, attempt=2, doing="card 1 of 104"))

    assert progress(opened(ID))[0][1].startswith("Making once more · card 1 of 104")


def test_a_task_that_ends_offers_its_pdf(runner: Runner) -> None:
    runner.put(replace(ELVES, state=State.RUNNING, started_s=102.0))
    page = opened(ID)

    runner.put(ended(State.SUCCESS, size=26_200_000))
    page.run()

    assert not progress(page)
    assert "Ready: 52 pages, 26.2 MB · **Elves *of* the wood**" in words(page)
    taken = page.download_button(key=f"take {ID}")
    assert taken.label == "Download PDF"
    assert "Dismiss" in buttons(page)


def test_a_document_that_is_no_longer_kept_says_so_when_it_is_pressed(runner: Runner) -> None:
    runner.put(ended(State.SUCCESS))
    runner.gone = True
    page = opened(ID)

    page.download_button(key=f"take {ID}").click().run()

    assert "The PDF is no longer kept. Make it again from its cards." in words(page)


@pytest.mark.parametrize(
    ("state", "message", "said"),
    [
        (State.FAILURE, '"orc.png": truncated; upload it again', 'Failed. "orc.png": truncated; upload it again.'),
        (State.LOST, "its worker was lost", "Lost. Its worker was lost."),
        (State.CANCELLED, "", "Cancelled."),
    ],
)
def test_a_task_without_a_pdf_says_why_and_can_be_tried_again(
    runner: Runner, state: State, message: str, said: str
) -> None:
    runner.put(ended(state, error_message=message))
    page = opened(ID)
    assert said in words(page)

    press(page, "Try again")

    (new,) = (task for task in runner.tasks.values() if task.retry_of == ID)
    assert in_address(page) == [new.id]
    assert progress(page)[0][1].startswith("Waiting")


def test_a_task_whose_images_are_gone_asks_for_its_cards(runner: Runner) -> None:
    runner.put(ended(State.LOST))
    runner.gone = True
    page = opened(ID)

    press(page, "Try again")

    assert "Its images are no longer kept. Drop the cards again, then make the PDF." in words(page)


def test_a_task_whose_images_are_gone_is_made_from_the_cards_on_the_page(sample: AppTest, runner: Runner) -> None:
    press(sample, "Make PDF")
    (task,) = runner.tasks.values()
    runner.put(replace(task, state=State.LOST))
    runner.gone = True
    sample.run()

    press(sample, "Try again")

    first, second = runner.tasks
    assert len(runner.jobs) == 2
    assert in_address(sample) == [second]
    assert "your cards were sent again" in sample.toast[0].value
    assert first == task.id


def test_a_dismissed_task_leaves_the_address_and_stays_in_the_list(sample: AppTest, runner: Runner) -> None:
    press(sample, "Make PDF")
    (task,) = runner.tasks.values()
    runner.put(replace(task, state=State.CANCELLED))
    sample.run()

    press(sample, "Dismiss")
    assert not in_address(sample)
    assert "Try again" not in buttons(sample)

    sample.switch_page("tasks.py").run()
    assert "sample" in words(sample)
    assert "Try again" in buttons(sample)


def test_where_no_task_is_taken_the_pdf_is_downloaded_directly(sample: AppTest, runner: Runner) -> None:
    runner.refusal = StoreFull("Redis is full")
    press(sample, "Make PDF")

    assert not sample.exception
    assert "Redis is full. No task was begun; download the PDF directly" in words(sample)
    assert not sample.download_button(key="download").proto.disabled

    runner.refusal = None
    press(sample, "Try again")
    assert len(runner.tasks) == 1
    assert "Cancel" in buttons(sample)


def test_a_task_that_cannot_be_seen_now_is_looked_for_again(runner: Runner) -> None:
    runner.put(replace(ELVES, state=State.RUNNING))
    runner.refusal = StoreAway("Redis does not answer")
    page = opened(ID)
    assert "cannot be seen at the moment. Redis does not answer." in words(page)

    runner.refusal = None
    page.run()
    assert progress(page)


@pytest.mark.usefixtures("runner")
@pytest.mark.parametrize("task_id", [ID, "nothing", "<b>*x*</b>", "x" * 5000])
def test_an_unknown_id_gets_a_sentence(task_id: str) -> None:
    page = opened(task_id)
    assert not page.exception
    assert "There is no such task any more" in words(page)

    page.switch_page("tasks.py").run()
    assert not page.exception
    assert any("1 task is no longer known" in text.value for text in page.caption)

    press(page, "Forget")
    assert not in_address(page)
    assert "No tasks yet." in words(page)


@pytest.mark.usefixtures("runner")
def test_an_address_may_name_ten_tasks() -> None:
    ids = [f"{number:032x}" for number in range(14)]

    assert in_address(opened(*ids)) == ids[:10]


@pytest.mark.usefixtures("runner")
def test_without_tasks_the_list_says_what_comes_here() -> None:
    page = listed()

    assert not page.exception
    assert "No tasks yet." in words(page)


def test_the_list_has_this_browsers_tasks_and_nobody_elses(runner: Runner) -> None:
    runner.put(ended(State.SUCCESS))
    runner.put(replace(ELVES, id=OTHER, title="Somebody's secret", state=State.RUNNING))

    page = listed(ID)

    shown = words(page)
    assert "Elves *of* the wood" in shown
    assert "letter-standard-v6" in shown
    assert "secret" not in shown
    assert {"2 s", "2 min 18 s", "52"} <= {text.value for text in page.markdown}
    assert page.download_button(key=f"take {ID}").label == "Download"


def test_the_list_shows_each_state_with_what_can_be_done(runner: Runner) -> None:
    ids = [f"{number:032x}" for number in range(4)]
    runner.put(replace(ELVES, id=ids[0], state=State.RUNNING, started_s=101.0, beat_s=109.5, progress=0.5, doing="x"))
    runner.put(replace(ELVES, id=ids[1], created_s=time.time() - 3600))  # the newest stands first
    runner.put(replace(ended(State.FAILURE, error_message="no paper"), id=ids[2]))
    runner.put(replace(ended(State.LOST, error_message="its worker was lost", retried_as=ids[1]), id=ids[3]))

    page = listed(*ids)

    assert not page.exception
    assert progress(page) == [(0, "Waiting"), (50, "Making · x")]
    shown = {text.value for text in page.markdown}
    assert {"1 s", "8.5 s"} <= shown
    assert any(text.startswith("60 min ") for text in shown)
    assert "No paper." in words(page)
    assert "Its worker was lost. Tried again." in words(page)
    assert sorted(each for each in buttons(page) if each) == ["Cancel", "Cancel", "Try again"]


def test_a_retry_in_the_list_is_its_first_row(runner: Runner) -> None:
    runner.put(ended(State.FAILURE, error_message="no paper"))
    page = listed(ID)

    press(page, "Try again")

    assert progress(page) == [(0, "Waiting")]
    assert "Tried again." in words(page)
    assert "Try again" not in buttons(page)


def test_durations_are_read_at_a_glance() -> None:
    said = {None: "–", 0.04: "0 s", 8.46: "8.5 s", 37.2: "37 s", 99.9: "100 s", 200.4: "3 min 20 s"}

    assert {seconds: _tasks.duration(seconds) for seconds in said} == said
