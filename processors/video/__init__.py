"""Videos: what a file claims to be, and a frame of it, by ffmpeg in the sandbox."""
