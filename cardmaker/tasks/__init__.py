"""Long renders in the background, on this machine or on Celery workers; none is ever lost or stuck.

The truth about a task is its record: in memory, or in Redis. A runner moves it along; see `runner.Runner`.
"""

from cardmaker.tasks.job import Job
from cardmaker.tasks.record import Queue, State, Task
from cardmaker.tasks.runner import Runner

__all__ = ["Job", "Queue", "Runner", "State", "Task"]
