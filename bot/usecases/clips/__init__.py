"""Music videos: what is wished for, the queue of promises, and the way from a video to its annotated clip."""
