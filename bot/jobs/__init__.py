"""What workers do: picture bytes in, values and finished pictures out. One round trip a picture.

Imports stand inside the jobs: the gateway names a job without loading dlib, OpenCV or SciPy.
"""

from bot.jobs.config import EngineConfig, load_engine
from bot.jobs.copies import find_copies
from bot.jobs.engines import encode_crops, font_name, try_out, warm_up
from bot.jobs.enrolling import by_size, enrol, enrol_crop, why_not_enrolled
from bot.jobs.footage import draw, draw_frames, probe
from bot.jobs.gathering import guess_each, sift, spot
from bot.jobs.looking import draw_again, identify
from bot.jobs.mapping import draw_map
from bot.jobs.quizzing import enlarge, quiz_stats_chart
from bot.jobs.reporting import report
from bot.jobs.resembling import (
    draw_look_alikes,
    draw_twins,
    find_look_alikes,
    find_twins,
    look_alikes_of_each,
    one_picture,
)
from bot.jobs.rosters import fit
from bot.jobs.screen_time import screen_time
from bot.jobs.sheets import sheet
from bot.jobs.training import make, train
from bot.jobs.watching import faces_by_frame, join_segments, name_tracks, sure_names, track_faces, write_captions

__all__ = [
    "EngineConfig",
    "by_size",
    "draw",
    "draw_again",
    "draw_frames",
    "draw_look_alikes",
    "draw_map",
    "draw_twins",
    "encode_crops",
    "enlarge",
    "enrol",
    "enrol_crop",
    "faces_by_frame",
    "find_copies",
    "find_look_alikes",
    "find_twins",
    "fit",
    "font_name",
    "guess_each",
    "identify",
    "join_segments",
    "load_engine",
    "look_alikes_of_each",
    "make",
    "name_tracks",
    "one_picture",
    "probe",
    "quiz_stats_chart",
    "report",
    "screen_time",
    "sheet",
    "sift",
    "spot",
    "sure_names",
    "track_faces",
    "train",
    "try_out",
    "warm_up",
    "why_not_enrolled",
    "write_captions",
]
