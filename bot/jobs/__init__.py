"""What workers do: picture bytes in, values and finished pictures out. One round trip a picture.

Imports stand inside the jobs: the gateway names a job without loading dlib, OpenCV or SciPy.
"""

from bot.jobs.bench import Cut, Refused, Workbench, load_engine
from bot.jobs.copies import Copied, FacePrint, find_copies
from bot.jobs.engines import CropEncodings, encode_crops, font_name, try_out, warm_up
from bot.jobs.enrolling import Rivals, by_size, enrol, enrol_crop, why_not_enrolled
from bot.jobs.looking import Identified, Naming, SeenFace, identify
from bot.jobs.rosters import RosterRow, Trained, TrainingFailedError, fit, train
from bot.jobs.sheets import sheet

__all__ = [
    "Copied",
    "CropEncodings",
    "Cut",
    "FacePrint",
    "Identified",
    "Naming",
    "Refused",
    "Rivals",
    "RosterRow",
    "SeenFace",
    "Trained",
    "TrainingFailedError",
    "Workbench",
    "by_size",
    "encode_crops",
    "enrol",
    "enrol_crop",
    "find_copies",
    "fit",
    "font_name",
    "identify",
    "load_engine",
    "sheet",
    "train",
    "try_out",
    "warm_up",
    "why_not_enrolled",
]
