"""Long renders in the background, on this machine or on Celery workers; none is ever lost or stuck.

The truth about a task is its record: in memory, or in Redis. A runner moves it along; see `runner.Runner`.
"""

from cardmaker.tasks.record import Queue, State, Task

__all__ = ["Queue", "State", "Task"]
