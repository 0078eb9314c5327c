"""Annotated clips of videos: requests, the queue of jobs, and the pipeline from a video to its clip."""
