"""Videos from links: yt-dlp downloads them in a process that reaches nothing but our own proxy."""
