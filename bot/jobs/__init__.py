"""What workers do: picture bytes in, values and finished pictures out. One round trip a picture.

Imports stand inside the jobs: the gateway names a job without loading dlib, OpenCV or SciPy.
"""

from bot.jobs.bench import Cut, Refused, Workbench, load_engine
from bot.jobs.engines import CropEncodings, encode_crops, font_name, try_out, warm_up
from bot.jobs.enrolling import Enrolled, by_size, enrol, why_not_enrolled
from bot.jobs.looking import Identified, Naming, SeenFace, identify
from bot.jobs.rosters import RosterRow, SpokenOf, Trained, TrainingFailedError, fit, train

__all__ = [
    "CropEncodings",
    "Cut",
    "Enrolled",
    "Identified",
    "Naming",
    "Refused",
    "RosterRow",
    "SeenFace",
    "SpokenOf",
    "Trained",
    "TrainingFailedError",
    "Workbench",
    "by_size",
    "encode_crops",
    "enrol",
    "fit",
    "font_name",
    "identify",
    "load_engine",
    "train",
    "try_out",
    "warm_up",
    "why_not_enrolled",
]
