"""The functions that workers run: bytes of pictures in, values and finished pictures out. One round trip a picture.

Jobs import libraries inside their bodies, so that the bot's process names a job without loading dlib, OpenCV or SciPy.
"""

from bot.jobs.config import EngineConfig, load_engine
from bot.jobs.copies import find_copies
from bot.jobs.engines import check_engine, encode_crops, font_name, warm_up
from bot.jobs.enrolment import enrol, enrol_crop, example_problem, largest_first
from bot.jobs.footage import draw_clip, draw_frames, missing_footage, probe_video
from bot.jobs.gathering import candidate_refusals, find_only_face, guess_each
from bot.jobs.identifying import draw_again, identify
from bot.jobs.maps import draw_map
from bot.jobs.pictures import picture_refusals
from bot.jobs.quiz import enlarge_crops, quiz_stats_chart
from bot.jobs.reports import report_on_group
from bot.jobs.rosters import fit_recogniser
from bot.jobs.screen_time import screen_time_chart
from bot.jobs.sheets import contact_sheet
from bot.jobs.tracking import faces_by_frame, join_segments, name_tracks, sure_names, track_faces, write_captions
from bot.jobs.training import train_classifier, train_model
from bot.jobs.twins import (
    draw_look_alikes,
    draw_twins,
    find_look_alikes,
    find_twins,
    look_alikes_of_each,
    stack_pictures,
)

__all__ = [
    "EngineConfig",
    "candidate_refusals",
    "check_engine",
    "contact_sheet",
    "draw_again",
    "draw_clip",
    "draw_frames",
    "draw_look_alikes",
    "draw_map",
    "draw_twins",
    "encode_crops",
    "enlarge_crops",
    "enrol",
    "enrol_crop",
    "example_problem",
    "faces_by_frame",
    "find_copies",
    "find_look_alikes",
    "find_only_face",
    "find_twins",
    "fit_recogniser",
    "font_name",
    "guess_each",
    "identify",
    "join_segments",
    "largest_first",
    "load_engine",
    "look_alikes_of_each",
    "missing_footage",
    "name_tracks",
    "picture_refusals",
    "probe_video",
    "quiz_stats_chart",
    "report_on_group",
    "screen_time_chart",
    "stack_pictures",
    "sure_names",
    "track_faces",
    "train_classifier",
    "train_model",
    "warm_up",
    "write_captions",
]
