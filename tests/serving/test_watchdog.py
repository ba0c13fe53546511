"""When the watchdog holds a cluster for dead, and when it does not: with a clock of its own."""

from typing import Any

from protoadmin.serving.watchdog import STALE_AFTER, Watchdog


class Scene:
    """A clock, a cluster that beats or not, a database and a queue that answer or not."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.beat: Any = None
        self.database_works = True
        self.queue_works = True
        self.watchdog = Watchdog(beat_of=self._beat_of, queue_answers=self._queue_answers, clock=lambda: self.now)
        self.watchdog.watch(1)

    def _beat_of(self, pid: int) -> Any:
        if not self.database_works:
            raise OSError("connection refused")
        return self.beat

    def _queue_answers(self) -> bool:
        if not self.queue_works:
            raise OSError("connection refused")
        return True

    def after(self, seconds: float) -> str:
        """Let time pass, a look every two seconds; return the first complaint."""
        end = self.now + seconds
        while self.now < end:
            self.now += 2
            if complaint := self.watchdog.look():
                return complaint
        return ""


def test_a_cluster_that_beats_is_left_alone() -> None:
    scene = Scene()
    for beat in range(50):
        scene.beat = beat
        assert scene.after(20) == ""


def test_one_that_stops_beating_is_named_after_half_a_minute() -> None:
    scene = Scene()
    scene.beat = 1
    assert scene.after(STALE_AFTER) == ""
    assert scene.after(4) == "has done no work for 32 s"


def test_one_that_never_beats_is_named_too_and_its_successor_gets_longer() -> None:
    scene = Scene()
    assert scene.after(STALE_AFTER) == ""
    assert "since its start" in scene.after(4)
    scene.watchdog.watch(2)
    assert scene.after(STALE_AFTER * 1.4) == ""
    assert "since its start" in scene.after(8)


def test_an_old_row_does_not_count_as_work() -> None:
    scene = Scene()
    scene.beat = "the same all the time"
    assert scene.after(40) != ""


def test_time_without_a_database_does_not_count() -> None:
    scene = Scene()
    scene.beat = 1
    assert scene.after(20) == ""
    scene.database_works = False
    assert scene.after(600) == ""
    scene.database_works = True
    assert scene.after(STALE_AFTER) == ""
    assert scene.after(4) != ""


def test_time_without_a_queue_does_not_count() -> None:
    scene = Scene()
    scene.beat, scene.queue_works = 1, False
    assert scene.after(600) == ""
    scene.queue_works = True
    assert scene.after(STALE_AFTER + 4) != ""
